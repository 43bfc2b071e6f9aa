"""Selection of the update that a rollback restores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestration.environments import Environment
from orchestration.git import shorten_commit
from orchestration.layers import Layer
from orchestration.status.history import UPDATE, Update
from terminal.command_line import command_line
from terminal.errors import UserError

DESTROY = "destroy"
# Whether two updates have different code or settings.
Differ = Callable[[Update, Update], bool]


@dataclass(frozen=True)
class RollbackMove:
    """Rollback from the last update of a stack to an earlier one."""

    layer: Layer
    current: Update
    target: Update

    @property
    def message(self) -> str:
        """The subject of the update in the stack's history."""
        return f"rollback to {self.target.version} ({shorten_commit(self.target.commit)})"


def choose_target(
    environment: Environment, layer: Layer, updates: Sequence[Update], to: int, differ: Differ
) -> RollbackMove:
    """Choose version `to`; 0 is the last successful update with other code or settings.

    `updates` are those of the stack, newest first. Raises UserError if the version does not exist or cannot
    be restored.
    """
    changes = [update for update in updates if update.kind in (UPDATE, DESTROY)]
    if not changes:
        raise UserError(
            f"{layer.name} was never deployed in '{environment.name}'.",
            f"Deploy it first: {command_line('deploy', env=environment.name, layer=layer.name)}",
        )
    target = _find_version(updates, to, layer) if to else _find_earlier(changes, layer, differ)
    if target.not_restorable_because:
        raise UserError(
            f"Version {target.version} of {layer.name} cannot be restored: {target.not_restorable_because}.",
            f"Choose another version: {command_line('history', env=environment.name, layer=layer.name)}",
        )
    return RollbackMove(layer, changes[0], target)


def _find_version(updates: Sequence[Update], version: int, layer: Layer) -> Update:
    for update in updates:
        if update.version == version:
            return update
    raise UserError(
        f"--to: {layer.name} has no version {version}.",
        f"Choose a version from {updates[-1].version} to {updates[0].version}.",
    )


def _find_earlier(changes: Sequence[Update], layer: Layer, differ: Differ) -> Update:
    current, *earlier = changes
    for update in earlier:
        # A failed update leaves a mixture of versions. After it, the same code is a version to restore, too.
        if update.kind == UPDATE and update.succeeded and (not current.succeeded or differ(current, update)):
            return update
    raise UserError(
        f"{layer.name} has no earlier successful update with other code or settings.", "Nothing was changed."
    )
