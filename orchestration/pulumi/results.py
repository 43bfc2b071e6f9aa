"""What came of one operation on one stack."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pulumi.automation import OpType
from pulumi.automation.events import StepEventMetadata

from shared.contracts import visible

# A replacement counts once: by the step that stands for both of its halves.
OPERATIONS = {
    OpType.CREATE: "create",
    OpType.UPDATE: "update",
    OpType.REPLACE: "replace",
    OpType.DELETE: "delete",
}
# Components, the stack itself, references and providers: nothing in AWS changes with them.
_OWN_TYPES = ("pulumi:", "fraud:")


@dataclass(frozen=True)
class Step:
    """One resource that changes: `operation` is create, update, replace or delete.

    `properties` are the paths of those that differ, or for a replacement those that force it.
    """

    operation: str
    type: str
    name: str
    properties: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: StepEventMetadata) -> "Step | None":
        """The step of an event; None if the resource stays as it is, or is none of a provider."""
        operation = OPERATIONS.get(data.op)
        if operation is None or data.type.startswith(_OWN_TYPES):
            return None
        return cls(operation, data.type, data.urn.rpartition("::")[2], _properties(operation, data))

    @property
    def resource(self) -> str:
        """The name and the type, as a user knows them."""
        return f"{self.name} ({self.type})"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "operation": self.operation,
            "type": self.type,
            "name": self.name,
            "properties": list(self.properties),
        }


def _properties(operation: str, data: StepEventMetadata) -> tuple[str, ...]:
    if operation == "replace" and data.keys:
        return tuple(data.keys)
    if operation in ("update", "replace"):
        return tuple(data.detailed_diff or data.diffs or ())
    return ()


@dataclass(frozen=True)
class Changes:
    """Numbers of resources; a replaced one counts once."""

    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    same: int = 0

    @property
    def any(self) -> bool:
        """Whether anything differs from before."""
        return bool(self.create or self.update or self.replace or self.delete)

    def as_dict(self) -> dict[str, int]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def of(cls, operations: Mapping[OpType, int] | None) -> "Changes":
        """From the engine's own counts, whose keys are operations such as `create-replacement`.

        A replacement comes with the two steps it is made of, which are left out.
        """
        counts = {str(getattr(key, "value", key)): count for key, count in (operations or {}).items()}
        return cls(
            **{name: counts.get(name, 0) for name in ("create", "update", "replace", "delete", "same")}
        )


@dataclass(frozen=True)
class Outcome:
    """With the stack's outputs before and after, secrets hidden.

    `placeholders` are the layers for whose outputs made-up ones stood in, which only a preview allows.
    """

    changes: Changes
    outputs: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    placeholders: frozenset[str] = frozenset()

    def after(self, earlier: "Outcome") -> "Outcome":
        """This deletion together with an earlier one of the same stack."""
        deleted = self.changes.delete + earlier.changes.delete
        return replace(
            self,
            changes=replace(self.changes, delete=deleted),
            steps=(*earlier.steps, *self.steps),
        )

    @property
    def changes_outputs(self) -> bool:
        """Whether a stack that had outputs has others now."""
        return bool(self.before) and visible(self.outputs) != visible(self.before)
