"""Tasks that change layers, and show what would change."""

# Imported in the tasks: half a second of libraries that `invoke --list` does not need.
# ruff: noqa: PLC0415

from typing import Any

from invoke.context import Context

from cli.options import CONFIRM, ENV, JSON, LAYER, ONE_LAYER, OVERRIDE, PORT, REFRESH, YES
from cli.task import Whole, task


@task(
    iterable=["layer"],
    help={
        "env": ENV,
        "layer": LAYER,
        "changed": "only layers that differ from what is deployed, saying why each is taken or left",
        "plan": "folder to save the plan to, instead of deploying",
        "from_plan": "folder of a saved plan: do exactly that, or refuse if anything moved since",
        "yes": YES,
        "confirm": CONFIRM,
        "override": OVERRIDE,
        "parallel": "layers at the same time (default: as many as their order allows)",
        "refresh": REFRESH,
        "report": "file to write the table to, as JSON",
        "json": JSON,
        "port": PORT,
    },
)
def deploy(
    _: Context,
    *,
    env: str = "local",
    layer: Any = None,
    changed: bool = False,
    plan: str = "",
    from_plan: str = "",
    yes: bool = False,
    confirm: str = "",
    override: str = "",
    parallel: int = Whole(0),
    refresh: bool = True,
    report: str = "",
    json: bool = False,
    port: int = Whole(0),
) -> None:
    """Deploy all layers, or some: plan, question, table.

    Each after the layers that it reads, independent ones side by side; `local` asks nothing. Exit status 1
    says that nothing was changed, 3 that some layers were and others failed.
    """
    from cli import _deploying

    how = _deploying.How(yes, confirm, json, report, parallel, refresh, override, port)
    _deploying.deploy(env, layer, changed=changed, plan=plan, from_plan=from_plan, how=how)


@task(iterable=["layer"], help={"env": ENV, "layer": LAYER, "json": JSON})
def preview(_: Context, env: str = "local", layer: Any = None, json: bool = False) -> None:
    """Show what deploy would change, without changing it."""
    from cli import _deploying

    _deploying.preview(env, layer, how=_deploying.How(as_json=json))


@task(
    iterable=["layer"],
    help={
        "env": ENV,
        "layer": LAYER,
        "yes": YES,
        "confirm": CONFIRM,
        "override": OVERRIDE,
        "json": JSON,
    },
)
def destroy(
    _: Context,
    *,
    env: str = "local",
    layer: Any = None,
    yes: bool = False,
    confirm: str = "",
    override: str = "",
    json: bool = False,
) -> None:
    """Delete what layers hold, but nothing protected."""
    from cli import _deploying

    _deploying.destroy(env, layer, how=_deploying.How(yes, confirm, json, override=override))


@task(
    help={
        "env": ENV,
        "layer": ONE_LAYER,
        "to": "version to go back to, as history shows it (default: the last successful one of other code)",
        "yes": YES,
        "json": JSON,
    }
)
def rollback(
    _: Context,
    *,
    layer: str,
    env: str = "local",
    to: int = Whole(0),
    yes: bool = False,
    json: bool = False,
) -> None:
    """Bring back an earlier version of one layer; data stays.

    The code and settings of that update's commit are shown as a plan, and applied to this stack alone.
    """
    from cli import _deploying, _reverting

    _reverting.rollback(env, layer, to=to, how=_deploying.How(yes, as_json=json))


@task(help={"env": ENV, "layer": ONE_LAYER, "yes": YES, "json": JSON})
def recover(_: Context, *, layer: str, env: str = "local", yes: bool = False, json: bool = False) -> None:
    """Make a layer usable after an update was cut off."""
    from cli import _deploying, _reverting

    _reverting.recover_layer(env, layer, how=_deploying.How(yes, as_json=json))
