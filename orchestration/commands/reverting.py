"""The tasks that bring a layer back: to an earlier version, or to a state that can be deployed again."""

from contextlib import AbstractContextManager
from functools import partial

from orchestration import environments, layers, messages, session
from orchestration.commands.deploying import How
from orchestration.confirm import confirm
from orchestration.engine.engine import Engine
from orchestration.engine.progress import Progress
from orchestration.git import Git
from orchestration.layers import Layer
from orchestration.rollback import recover, revision
from orchestration.rollback.recover import Recovery
from orchestration.rollback.rollback import Rollback
from orchestration.rollback.rollback import Ways as RollbackWays
from orchestration.state import locks
from orchestration.state.state_backups import Backups


def rollback(env: str, name: str, *, to: int, how: How) -> None:
    """Roll one layer back to an earlier version."""
    environment, layer = environments.find(env), layers.find(name)
    git, progress = Git(environment.root), Progress()
    stacks = session.reading_engine(environment)
    open_engine = partial(revision.open_engine, on_event=progress.event)

    def at_commit(layer: Layer, commit: str) -> AbstractContextManager[Engine]:
        return revision.at_commit(environment, layer, commit, git, open_engine)

    ways = RollbackWays(
        by=messages.who(git),
        as_json=how.as_json,
        refresh=how.refresh,
        guard=lambda: session.check_guards(environment),
        backup=Backups(environment, stacks).save,
    )
    Rollback(
        environment, stacks, git, at_commit,
        confirm=partial(confirm, yes=how.yes), ways=ways, progress=progress,
    ).run(layer, to)  # fmt: skip


def recover_layer(env: str, name: str, *, how: How) -> None:
    """Make a layer whose update was cut off deployable again."""
    environment, layer = environments.find(env), layers.find(name)
    # Says so where nothing was ever deployed, before the embedded AWS is started for it.
    session.reading_engine(environment)
    engine = session.resuming_engine(environment)
    backups = Backups(environment, engine)

    def save(layer: Layer) -> str:
        kept = backups.save(layer) or next(iter(reversed(backups.kept(layer))), None)
        return f"backup {kept.id}" if kept else "nothing: it held no resource"

    by = messages.who(Git(environment.root))
    ways = recover.Ways(by, how.as_json, guard=lambda: session.check_guards(environment))
    Recovery(
        environment, engine, locks.of(environment, engine),
        save=save,
        confirm=partial(confirm, yes=how.yes),
        ways=ways,
    ).run(layer)  # fmt: skip
