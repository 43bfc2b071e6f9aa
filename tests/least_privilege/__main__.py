"""The run of `invoke security.minimal`, on an embedded AWS of its own.

It evaluates every policy with the settings of prod and those that limit the callers of the API. It deploys
the stacks to a new embedded AWS, removes the permissions and conditions of its roles one after another, and
prints the proofs.
"""

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from rich.table import Table

from cli.task import run_to_exit_status
from local.embedded import embedded_aws
from shared.names import Names
from terminal.errors import UserError
from terminal.output import console, print_json, print_message, print_result
from terminal.progress import ProgressDisplay, open_progress
from tests.deployment import deploy_stacks
from tests.e2e.pipeline import PipelineClient
from tests.least_privilege.embedded_proofs import PURPOSES, EmbeddedRun, WrongForbiddenCallError
from tests.least_privilege.evaluated_proofs import prove_policy
from tests.least_privilege.evaluation import ROLE, Environment, Policy
from tests.least_privilege.paths import PathFailedError
from tests.least_privilege.results import RECORDED, UNPROVED, Effect, Proof, Results, digest
from tests.least_privilege.unenforced import UNENFORCED
from tests.stacks.guarded import GUARDED
from tests.stacks.recording import ROOT, run_layers

ENVIRONMENT = "prod"
KINDS = ("permission", "condition", "value", "denial")


def main(arguments: Sequence[str]) -> int:
    """Run with the options of the task. Returns 1 if something is not proved."""
    parser = argparse.ArgumentParser(prog="security.minimal")
    parser.add_argument("--role", default="")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args(arguments)
    print_message(f"Evaluating the policies of every layer with the settings of {ENVIRONMENT}")
    policies = _select_policies(Environment(run_layers(ENVIRONMENT, GUARDED)).policies, options.role)
    results = Results(
        proofs=[proof for policy in policies for proof in prove_policy(policy)],
        policies={policy.name: digest(policy.document) for policy in policies},
        unenforced=[asdict(entry) for entry in UNENFORCED],
    )
    purposes = [purpose for purpose in PURPOSES if options.role in ("", purpose)]
    if purposes:
        results = _add_embedded_proofs(results, purposes)
    if options.record:
        results.write()
        print_message(f"wrote {RECORDED.relative_to(ROOT)}")
    _show(results, options.role, as_json=options.json)
    return 1 if results.unproved() else 0


def _select_policies(policies: Iterable[Policy], role: str) -> list[Policy]:
    """Every policy, or those of one role. Raises UserError."""
    policies = list(policies)
    if not role:
        return policies
    selected = [policy for policy in policies if policy.owner == Names().role(role)]
    if not selected:
        prefix = Names().role("")
        roles = [policy.owner.removeprefix(prefix) for policy in policies if policy.kind == ROLE]
        raise UserError(f"--role: '{role}' is not a role.", f"Use one of: {', '.join(roles)}.")
    return selected


def _add_embedded_proofs(results: Results, purposes: Sequence[str]) -> Results:
    """The results with the proofs of the embedded AWS in place of those of the evaluator."""
    print_message("Deploying the stacks to an embedded AWS of this run: half a minute")
    with tempfile.TemporaryDirectory(prefix="least-privilege-") as folder, embedded_aws(Path(folder)) as aws:
        # Standard output is for the results.
        with contextlib.redirect_stdout(sys.stderr):
            pipeline = PipelineClient(aws, deploy_stacks(aws))
        proofs: list[Proof] = []
        forbidden: dict[str, list[str]] = {}
        for number, purpose in enumerate(purposes, 1):
            with open_progress(purpose, None) as display:
                run = EmbeddedRun(pipeline, partial(_show_step, display))
                found = [*_prove(run, purpose)]
                forbidden[purpose] = _check_forbidden_calls(run, purpose)
            proofs += found
            print_message(
                f"{number}/{len(purposes)} {purpose}: {len(found)} permissions and conditions removed,"
                f" {len(forbidden[purpose])} forbidden calls denied"
            )
    return replace(results, proofs=merge(results.proofs, proofs), forbidden=forbidden)


def _show_step(display: ProgressDisplay, text: str) -> None:
    display.update(0, text)


def _prove(run: EmbeddedRun, purpose: str) -> list[Proof]:
    try:
        return [*run.prove_permissions(purpose), *run.prove_conditions(purpose)]
    except PathFailedError as error:
        raise UserError(
            f"A path of '{purpose}' fails for another reason than a permission: {error}",
            "Run the tests of the pipeline first: invoke test --path tests/e2e",
        ) from error


def _check_forbidden_calls(run: EmbeddedRun, purpose: str) -> list[str]:
    try:
        return run.check_forbidden_calls(purpose)
    except WrongForbiddenCallError as error:
        raise UserError(
            f"A forbidden call is allowed, or an allowed one is denied: {error}.",
            "Correct the role, or its list in tests/least_privilege/forbidden_calls.py.",
        ) from error


def merge(evaluated: Sequence[Proof], embedded: Sequence[Proof]) -> list[Proof]:
    """The proofs of both. A proof of the embedded AWS counts only if the evaluator agrees."""
    by_key = {proof.key: proof for proof in embedded}
    unknown = by_key.keys() - {proof.key for proof in evaluated}
    merged = [by_key.get(proof.key, proof) if proof.means != UNPROVED else proof for proof in evaluated]
    for key in sorted(unknown):
        effect = Effect(UNPROVED, f"the settings of {ENVIRONMENT} declare no such part")
        merged.append(replace(by_key[key], **effect._asdict()))
    return merged


def _show(results: Results, role: str, *, as_json: bool) -> None:
    if as_json:
        print_json(results.as_json())
        return
    console.print(_build_details(results.proofs) if role else _build_summary(results))
    for proof in results.unproved():
        print_result(f"unproved: {' '.join(filter(None, proof.key))}: {proof.without}")
    unproved = len(results.unproved())
    print_result(f"{len(results.proofs)} parts of policies, {unproved} of them not proved.")


def _build_summary(results: Results) -> Table:
    table = Table("policy", *(f"{kind}s" for kind in KINDS), "forbidden calls denied", "unproved")
    for policy in dict.fromkeys(proof.policy for proof in results.proofs):
        proofs = [proof for proof in results.proofs if proof.policy == policy]
        counts = [str(sum(proof.kind == kind for proof in proofs) or "·") for kind in KINDS]
        purpose = policy.removeprefix(f"role {Names().role('')}")
        calls = str(len(results.forbidden.get(purpose, [])) or "·")
        table.add_row(policy, *counts, calls, str(sum(proof.means == UNPROVED for proof in proofs)))
    return table


def _build_details(proofs: Iterable[Proof]) -> Table:
    table = Table("policy", "statement", "part", "on", "without it", "proof")
    for proof in proofs:
        row = (proof.policy.partition(" ")[0], proof.statement, proof.part, proof.resource)
        table.add_row(*row, proof.without, proof.means)
    return table


if __name__ == "__main__":
    sys.exit(run_to_exit_status(lambda: main(sys.argv[1:])))
