"""Tasks for AWS accounts and for backups of the state."""

# ruff: noqa: PLC0415

from typing import Any

from invoke.context import Context

from cli.options import ONE_LAYER
from cli.task import task


@task()
def bootstrap(_: Context, env: str, yes: bool = False, json: bool = False, verbose: bool = False) -> None:
    """Create what deployments need in a new AWS account.

    Creates the bucket and the key of the state, the identity provider of CI, and an empty stack per layer.
    """
    from functools import partial

    from orchestration.bootstrap.bootstrap import bootstrap_account
    from orchestration.deployment import warn_of_quotas
    from orchestration.session import EnvironmentSession
    from terminal.prompts import confirm

    session = EnvironmentSession.from_name(env)
    bootstrap_account(
        session.environment,
        session.open_engine,
        partial(confirm, yes=yes),
        as_json=json,
        check=partial(warn_of_quotas, session),
    )


@task(iterable=["layer"])
def backups(_: Context, env: str = "local", layer: Any = None, json: bool = False) -> None:
    """List the states that were saved before changes."""
    from orchestration.layers import select_layers
    from orchestration.session import EnvironmentSession
    from orchestration.state.state_backups import StateBackups, print_backups

    session = EnvironmentSession.from_name(env)
    engine = session.open_reading_engine()
    print_backups(StateBackups(session.environment, engine), select_layers(layer), as_json=json)


@task(
    help={
        "layer": ONE_LAYER,
        "backup": "Restore the state with this id, as state.backups lists it",
    }
)
def restore(_: Context, layer: str, backup: str, env: str = "local", yes: bool = False) -> None:
    """Replace the state of a layer with a backup."""
    from functools import partial

    from orchestration.layers import find_layer
    from orchestration.session import EnvironmentSession
    from orchestration.state.state_backups import StateBackups
    from terminal.prompts import confirm

    session, found = EnvironmentSession.from_name(env), find_layer(layer)
    session.check_account()
    engine = session.open_reading_engine()
    StateBackups(session.environment, engine).restore(found, backup, partial(confirm, yes=yes))
