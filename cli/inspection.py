"""Tasks that show the state of layers and change nothing."""

# ruff: noqa: PLC0415

from typing import Any

from invoke.context import Context

from cli.options import ONE_LAYER, SHARED_HELP
from cli.task import NonNegativeInt, task


@task()
def status(_: Context, env: str = "local", json: bool = False) -> None:
    """Show version, result and contracts of each layer."""
    from orchestration.session import EnvironmentSession
    from orchestration.state.locks import open_locks
    from orchestration.status.status import show_status

    session = EnvironmentSession.from_name(env)
    if session.is_untouched:
        show_status(session.environment, None, None, as_json=json)
        return
    engine = session.open_reading_engine()
    show_status(session.environment, engine, open_locks(session.environment, engine), as_json=json)


@task(help={"layer": ONE_LAYER, "limit": "Show only this number of updates"})
def history(
    _: Context, layer: str, env: str = "local", limit: int = NonNegativeInt(0), json: bool = False
) -> None:
    """List the updates of a layer, newest first."""
    from orchestration.layers import find_layer
    from orchestration.session import EnvironmentSession
    from orchestration.status.history import show_history

    session, found = EnvironmentSession.from_name(env), find_layer(layer)
    show_history(session.environment, session.open_reading_engine(), found, limit=limit, as_json=json)


@task(iterable=["layer"])
def drift(_: Context, env: str = "local", layer: Any = None, json: bool = False) -> int:
    """Show changes that were made outside Pulumi.

    Compares every property with AWS and does not change the state.

    Exit status: 2 if a property differs.
    """
    from orchestration.layers import select_layers
    from orchestration.session import EnvironmentSession
    from orchestration.state.locks import open_locks
    from orchestration.status.drift import show_drift

    session, layers = EnvironmentSession.from_name(env), select_layers(layer)
    session.check_settings(layers)
    session.check_account()
    engine = session.open_engine()
    return show_drift(
        session.environment, engine, open_locks(session.environment, engine), layers, as_json=json
    )


@task(iterable=["layer"])
def outputs(_: Context, env: str = "local", layer: Any = None, json: bool = False) -> None:
    """Show the outputs of layers, such as the API's URL."""
    from orchestration.layers import select_layers
    from orchestration.outputs import print_outputs
    from orchestration.session import EnvironmentSession

    session = EnvironmentSession.from_name(env)
    engine = session.open_reading_engine()
    print_outputs(session.environment, engine, select_layers(layer), as_json=json)


@task(name="env", help={"json": f"{SHARED_HELP['json']}, with null for a variable to unset"})
def shell_variables(_: Context, env: str = "local", json: bool = False) -> None:
    """Print the variables that plain pulumi needs.

    For example: eval "$(./inv env)" && pulumi preview -C stacks/data -s local
    """
    from orchestration.shell_variables import print_variables

    print_variables(env, as_json=json)


@task(
    help={
        "format": "Draw as text, dot or svg",
        "out": "Write to this file instead of standard output",
    }
)
def graph(
    _: Context, format_: str = "text", out: str = "", json: bool = False, verbose: bool = False
) -> None:
    """Draw the layers and the outputs that they exchange."""
    from orchestration.status.graph import show_graph

    show_graph(file_format=format_, out=out, as_json=json)


@task(
    help={
        "since": "Show the layers that changes since this commit affect, with the reasons",
        "env": "Ignore changes to the settings of other environments",
    }
)
def layers(_: Context, since: str = "", env: str = "", json: bool = False) -> None:
    """List the layers, their owners and dependencies."""
    from orchestration.environments import find_environment
    from orchestration.status.layer_list import show_layers

    show_layers(find_environment(env) if env else None, since=since, as_json=json)


@task(
    help={
        "per_day": "Estimate for this number of transactions a day (default: 1000000)",
        "items_per_request": "Assume this number of transactions in a request, 1 to 25 (default: 1)",
    }
)
def cost(
    _: Context,
    env: str = "local",
    per_day: int = NonNegativeInt(1_000_000),
    items_per_request: int = NonNegativeInt(1),
    json: bool = False,
) -> None:
    """Estimate the cost per million transactions and month.

    Uses the settings of the environment, the programs of its layers, the functions' own code and list prices
    of us-east-1. Needs no access to AWS.
    """
    from operations.cost.view import show_cost
    from orchestration.session import EnvironmentSession

    session = EnvironmentSession.from_name(env)
    show_cost(session, per_day=per_day, items_per_request=items_per_request, as_json=json)
