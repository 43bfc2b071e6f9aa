"""Tasks that prepare accounts and CI, and keep states."""

# Imported in the tasks: half a second of libraries that `invoke --list` does not need.
# ruff: noqa: PLC0415

from typing import Any

from invoke.context import Context

from cli.options import ENV, JSON, LAYER, ONE_LAYER, YES
from cli.task import task


@task(help={"env": ENV, "yes": YES, "json": JSON})
def bootstrap(_: Context, env: str, yes: bool = False, json: bool = False) -> None:
    """Prepare an AWS account: state, key, CI's identity."""
    from cli import _deploying, _operating

    _operating.bootstrap(env, _deploying.How(yes, as_json=json))


@task(iterable=["layer"], help={"env": ENV, "layer": LAYER, "json": JSON})
def backups(_: Context, env: str = "local", layer: Any = None, json: bool = False) -> None:
    """List the states that were kept before changes."""
    from cli import _operating

    _operating.backups(env, layer, as_json=json)


@task(help={"env": ENV, "layer": ONE_LAYER, "backup": "its id, as state.backups shows it", "yes": YES})
def restore(_: Context, layer: str, backup: str, env: str = "local", yes: bool = False) -> None:
    """Put a kept state in the place of the present one."""
    from cli import _deploying, _operating

    _operating.restore(env, layer, backup, _deploying.How(yes))


@task()
def write(_: Context) -> None:
    """Write workflows and CODEOWNERS from the list of layers."""
    from orchestration import ci

    ci.write()
