"""Tasks that look at layers and change nothing."""

# Imported in the tasks: half a second of libraries that `invoke --list` does not need.
# ruff: noqa: PLC0415

from typing import Any

from invoke.context import Context

from cli.options import ENV, JSON, LAYER, ONE_LAYER
from cli.task import Whole, task


@task(help={"env": ENV, "json": JSON})
def status(_: Context, env: str = "local", json: bool = False) -> None:
    """Show where each layer stands."""
    from cli import _operating

    _operating.status(env, as_json=json)


@task(help={"env": ENV, "layer": ONE_LAYER, "limit": "only the newest (default: all)", "json": JSON})
def history(_: Context, layer: str, env: str = "local", limit: int = Whole(0), json: bool = False) -> None:
    """Show the updates of a layer."""
    from cli import _operating

    _operating.show_history(env, layer, limit=limit, as_json=json)


@task(iterable=["layer"], help={"env": ENV, "layer": LAYER, "json": JSON})
def drift(_: Context, env: str = "local", layer: Any = None, json: bool = False) -> int:
    """Show what was changed outside Pulumi.

    Property by property, without touching the state. Exit status 2 says that something differs.
    """
    from cli import _operating

    return _operating.drift(env, layer, as_json=json)


@task(iterable=["layer"], help={"env": ENV, "layer": LAYER, "json": JSON})
def outputs(_: Context, env: str = "local", layer: Any = None, json: bool = False) -> None:
    """Show what the layers give to others, such as the URL."""
    from cli import _using

    _using.show_outputs(env, layer, as_json=json)


@task(name="env", help={"env": ENV, "json": f"{JSON}: null for a variable to unset"})
def shell_variables(_: Context, env: str = "local", json: bool = False) -> None:
    """Print the variables that plain pulumi needs.

    Such as: eval "$(invoke env)" and then: pulumi preview -C stacks/data -s local
    """
    from cli import _using

    _using.print_shell_variables(env, as_json=json)


@task(
    help={
        "format": "text, dot or svg",
        "out": "file to write to, instead of standard output",
        "json": JSON,
    }
)
def graph(_: Context, format_: str = "text", out: str = "", json: bool = False) -> None:
    """Show layers, contracts, and what flows between them."""
    from orchestration.status import graph as drawn

    drawn.show(file_format=format_, out=out, as_json=json)


@task(
    help={
        "since": "a commit: say which layers the changes since then touch, and why",
        "env": "leave the other environments' settings out",
        "json": JSON,
    }
)
def layers(_: Context, since: str = "", env: str = "", json: bool = False) -> None:
    """List the layers, their owners and dependencies."""
    from orchestration import environments
    from orchestration.status import layer_list

    layer_list.show(environments.find(env) if env else None, since=since, as_json=json)
