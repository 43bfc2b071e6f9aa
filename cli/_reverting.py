"""The tasks that bring a layer back: to an earlier version, or to a state that can be deployed again."""

from contextlib import AbstractContextManager
from functools import partial

from cli._deploying import How
from orchestration import engines, environments, layers, update_message
from orchestration.git import Git
from orchestration.layers import Layer
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.progress import Progress
from orchestration.rollback import recover, revision
from orchestration.rollback.recover import Recovery
from orchestration.rollback.rollback import Rollback
from orchestration.rollback.rollback import Ways as RollbackWays
from orchestration.state import locks
from orchestration.state.state_backups import Backups
from terminal.output import confirm


def rollback(env: str, name: str, *, to: int, how: How) -> None:
    """Roll one layer back to an earlier version."""
    environment, layer = environments.find(env), layers.find(name)
    git, progress = Git(environment.root), Progress()
    stacks = engines.reading_engine(environment)
    open_engine = partial(revision.open_engine, on_event=progress.event)

    def at_commit(layer: Layer, commit: str) -> AbstractContextManager[Engine]:
        return revision.at_commit(environment, layer, commit, git, open_engine)

    ways = RollbackWays(
        by=update_message.who(git),
        as_json=how.as_json,
        refresh=how.refresh,
        guard=lambda: engines.check_guards(environment),
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
    engines.reading_engine(environment)
    engine = engines.resuming_engine(environment)
    backups = Backups(environment, engine)

    def save(layer: Layer) -> str:
        kept = backups.save(layer) or next(iter(reversed(backups.kept(layer))), None)
        return f"backup {kept.id}" if kept else "nothing: it held no resource"

    by = update_message.who(Git(environment.root))
    ways = recover.Ways(by, how.as_json, guard=lambda: engines.check_guards(environment))
    Recovery(
        environment, engine, locks.of(environment, engine),
        save=save,
        confirm=partial(confirm, yes=how.yes),
        ways=ways,
    ).run(layer)  # fmt: skip
