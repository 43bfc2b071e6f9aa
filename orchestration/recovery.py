"""Rollback and recovery of one layer in the environment of a session."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from orchestration.layers import Layer, find_layer
from orchestration.pulumi.engine import Engine
from orchestration.rollback import revision
from orchestration.rollback.recover import Recovery
from orchestration.rollback.rollback import Rollback
from orchestration.session import EnvironmentSession
from orchestration.state import locks
from orchestration.state.state_backups import StateBackups
from terminal.progress import show_activity

Confirm = Callable[[str], None]


def roll_back_layer(
    session: EnvironmentSession, confirm: Confirm, name: str, *, to: int = 0, as_json: bool = False
) -> None:
    """Deploy version `to` of a layer again; 0 is the last successful version of other code."""
    layer = find_layer(name)
    stacks = session.open_reading_engine()
    open_engine = partial(revision.open_engine, on_event=session.progress.handle_event)

    def open_engine_at(layer: Layer, commit: str) -> AbstractContextManager[Engine]:
        return revision.engine_at_commit(session.environment, layer, commit, session.git, open_engine)

    Rollback(
        session.environment,
        stacks,
        session.git,
        open_engine_at,
        confirm=confirm,
        guard=session.check_account,
        backup=StateBackups(session.environment, stacks).save,
        by=session.user,
        as_json=as_json,
        progress=session.progress,
    ).run(layer, to)


def recover_layer(session: EnvironmentSession, confirm: Confirm, name: str, *, as_json: bool = False) -> None:
    """Make a layer deployable again after an interrupted update."""
    layer = find_layer(name)
    # Refuses an environment without deployments before the embedded AWS is started for it.
    session.open_reading_engine()
    engine = session.open_resuming_engine()
    backups = StateBackups(session.environment, engine)

    def save_backup(layer: Layer) -> str:
        backup = backups.save(layer) or next(iter(reversed(backups.list(layer))), None)
        return f"backup {backup.id}" if backup else "nothing, because the state has no resources"

    Recovery(
        session.environment,
        engine,
        locks.open_locks(session.environment, engine),
        save=save_backup,
        confirm=confirm,
        guard=session.check_account,
        by=session.user,
        as_json=as_json,
        progress=show_activity("Reading the resources from AWS"),
    ).run(layer)
