"""`invoke bootstrap`: what an account must hold before the first deployment, made once.

Everything is shown first, and looked at again afterwards. What is there and right is left alone.
"""

import time
from collections.abc import Callable, Sequence

import boto3
from rich.table import Table

from orchestration.bootstrap.github_oidc import CiIdentity
from orchestration.bootstrap.layer_stack import LayerStack, Stacks
from orchestration.bootstrap.resource import Finding, Part, Pause, wait_until_right
from orchestration.bootstrap.state_bucket import StateBucket
from orchestration.bootstrap.state_key import StateKey
from orchestration.environments import Environment, account_of
from orchestration.layers import LAYERS, Layer
from orchestration.planning.preflight import check_account
from orchestration.state import backend
from shared.arns import Arns
from shared.projects import FOUNDATION
from terminal.aws_errors import told_to_users
from terminal.output import console_for_question, print_json, say

Confirm = Callable[[str], None]


def bootstrap(
    environment: Environment,
    open_engine: Callable[[], Stacks],
    confirm: Confirm,
    *,
    as_json: bool = False,
    layers: Sequence[Layer] = LAYERS,
    pause: Pause = time.sleep,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Make the account ready for the layers, after asking.

    `check` warns of what the account lacks, such as quotas. Raises UserError for `local`, for credentials of
    another account, and for what AWS refuses.
    """
    account = account_of(environment)
    session = boto3.Session(region_name=account.region)
    with told_to_users():
        caller = session.client("sts").get_caller_identity()
        check_account(environment, account.id, lambda: caller["Account"])
        arns = Arns(caller["Arn"].split(":")[1], account.id, account.region, account.names)
        parts = _parts(session, environment, arns)
        engine = open_engine()
        stacks = [LayerStack(engine, environment, layer) for layer in layers]
        found = _look(parts, stacks)
        output = console_for_question(as_json=as_json)
        output.print(_table(found, f"The account {account.id}, for '{environment.name}'"))
        say(_where(environment))
        check()
        if not all(finding.is_right for finding in found):
            confirm(f"Make or correct this in the account {account.id}?")
            for part in (*parts, *stacks):
                part.put_right(pause)
            wait_until_right(lambda: _look(parts, stacks), pause)
            say(f"The account is ready: invoke deploy --env {environment.name}")
    if as_json:
        print_json([finding.as_dict() for finding in found])


def _parts(session: boto3.Session, environment: Environment, arns: Arns) -> list[Part]:
    # The tag `layer` keeps the key from the role that deploys foundation, which may claim what has none.
    tags = {
        "project": "fraud-pipeline",
        "environment": environment.name,
        "layer": "bootstrap",
        "owner": FOUNDATION.owner,
    }
    key = StateKey(session.client("kms"), arns, tags)
    bucket = StateBucket(session.client("s3"), arns, key, tags)
    return [
        *([key] if backend.key_provider(environment) else []),
        *([bucket] if backend.in_account(environment) else []),
        CiIdentity(session.client("iam"), arns, tags),
    ]


def _look(parts: Sequence[Part], stacks: Sequence[LayerStack]) -> list[Finding]:
    found = [part.look() for part in parts]
    # Nothing can be read where there is no bucket, and nothing decrypted where there is no key.
    if all(finding.is_there for finding in found if finding.kind in (StateBucket.kind, StateKey.kind)):
        return [*found, *(stack.look() for stack in stacks)]
    return [*found, *(Finding(stack.kind, stack.name, False) for stack in stacks)]


def _where(environment: Environment) -> str:
    """What is left alone on a backend that the user has chosen."""
    url = backend.backend_url(environment)
    if backend.in_account(environment):
        return f"State: {url}"
    key = "" if backend.key_provider(environment) else ", and secrets need no key of the account"
    return f"State: {url or 'Pulumi Cloud'}, as you have set; no bucket is made{key}."


def _table(found: Sequence[Finding], title: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in ("", "name", "is", "wrong"):
        table.add_column(column)
    for finding in found:
        style = "green" if finding.is_right else "yellow"
        table.add_row(
            finding.kind, finding.name, f"[{style}]{_word(finding)}[/]", ", ".join(finding.wrong) or "·"
        )
    return table


def _word(finding: Finding) -> str:
    if finding.is_right:
        return "right"
    return "to be corrected" if finding.is_there else "to be made"
