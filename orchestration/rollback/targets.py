"""Which of a stack's updates a rollback goes back to, and which it refuses to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestration.environments import Environment
from orchestration.git import short
from orchestration.layers import Layer
from orchestration.status.history import UPDATE, Update
from terminal.errors import UserError

DESTROY = "destroy"
# Whether going from the first update to the second would change anything, as far as code and settings tell.
Differs = Callable[[Update, Update], bool]


@dataclass(frozen=True)
class Move:
    """From the update that made the stack what it is, to the one whose code and settings come back."""

    layer: Layer
    current: Update
    target: Update

    @property
    def subject(self) -> str:
        """What the stack's history will say."""
        return f"rollback to {self.target.version} ({short(self.target.commit)})"


def choose(
    environment: Environment, layer: Layer, found: Sequence[Update], to: int, differs: Differs
) -> Move:
    """The move to version `to`, or with 0 to the last successful update of other code or settings.

    `found` are the stack's updates, newest first. Raises UserError with the reason where there is no such
    version, or it is none to go back to.
    """
    changing = [update for update in found if update.kind in (UPDATE, DESTROY)]
    if not changing:
        raise UserError(
            f"{layer.name} was never deployed in '{environment.name}'.",
            f"Deploy it first: invoke deploy --env {environment.name} --layer {layer.name}",
        )
    target = _numbered(found, to, layer) if to else _before(changing, layer, differs)
    if target.unfit:
        see = f"invoke history --env {environment.name} --layer {layer.name}"
        raise UserError(f"Version {target.version} of {layer.name} {target.unfit}", f"Choose another: {see}")
    return Move(layer, changing[0], target)


def _numbered(found: Sequence[Update], version: int, layer: Layer) -> Update:
    for update in found:
        if update.version == version:
            return update
    raise UserError(
        f"{layer.name} has no version {version}.", f"It has {found[-1].version} to {found[0].version}."
    )


def _before(changing: Sequence[Update], layer: Layer, differs: Differs) -> Update:
    current, *earlier = changing
    for update in earlier:
        # What a failed update left is no version of anything, so even the same code again is a way back.
        if update.kind == UPDATE and update.succeeded and (not current.succeeded or differs(current, update)):
            return update
    raise UserError(
        f"{layer.name} has no earlier successful update of other code or settings to go back to.",
        "Nothing was changed.",
    )
