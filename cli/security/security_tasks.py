"""Tasks for security reviewers: what the pipeline permits, and what it consists of."""

# ruff: noqa: PLC0415

from invoke.context import Context

from cli.options import LOCAL_ENV
from cli.task import task


@task(help={"out": "Write the files into this folder, which is created"})
def sbom(_: Context, out: str = "", env: str = "local") -> None:
    """Write a bill of materials of each function's package.

    The format is CycloneDX. Builds the packages of the environment as a deployment does. Needs no access
    to AWS.
    """
    from cli.security.supply_chain import write_boms

    write_boms(env, out)


@task()
def audit(_: Context) -> None:
    """Search requirements for known vulnerabilities.

    Covers each file of pinned requirements. Needs a connection to PyPI.
    """
    from cli.security.supply_chain import audit_requirements

    audit_requirements()


@task(help={"sarif": "Also write the violations to this file as SARIF 2.1.0, for code scanning"})
def controls(_: Context, env: str = "local", json: bool = False, sarif: str = "") -> int:
    """Check the deployed state against the security controls.

    The rules are those that stop a deployment. docs/security-controls.md lists them, and the exceptions.
    Reads the states of the stacks and needs no access to resources.

    Exit status: 1 if a rule is violated.
    """
    from cli.security.controls import check_controls

    return check_controls(env, as_json=json, sarif=sarif)


@task(
    help={
        "env": LOCAL_ENV,
        "role": "Show only this role: a function, pipe, api-gateway-logs, read or deploy-LAYER",
        "record": "Store the proofs for docs/least-privilege.md",
    }
)
def minimal(_: Context, env: str = "local", role: str = "", record: bool = False, json: bool = False) -> int:
    """Prove that every permission and condition is needed.

    Deploys the pipeline to an embedded AWS of its own, and removes the permissions and conditions of each
    role one at a time. Takes a few minutes. Exits with 1 if something is not proved. For example:
    ./inv security.minimal --role fraud
    """
    from cli.security.minimal import prove_minimal

    return prove_minimal(env, role, as_json=json, record=record)
