"""Results of an operation on a stack: counted changes, steps and outputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from pulumi.automation import OpType
from pulumi.automation.events import StepEventMetadata

from orchestration.pulumi.property_diff import PropertyChange, diff_properties
from orchestration.pulumi.resource_types import LOGICAL_TYPE_PREFIXES
from orchestration.pulumi.urn import parse_name
from shared.contracts import visible_outputs

# REPLACE stands for the whole replacement. Its creation and its deletion have operation types of their own.
OPERATION_NAMES = {
    OpType.CREATE: "create",
    OpType.UPDATE: "update",
    OpType.REPLACE: "replace",
    OpType.DELETE: "delete",
}


@dataclass(frozen=True)
class Step:
    """The change of one resource: `operation` is create, update, replace or delete.

    `properties` are the paths of the properties that differ, or that force a replacement. `changes` are their
    values before and after, as far as the engine reports them.
    """

    operation: str
    type: str
    name: str
    properties: tuple[str, ...] = ()
    changes: tuple[PropertyChange, ...] = ()

    @classmethod
    def from_event(cls, metadata: StepEventMetadata) -> "Step | None":
        """Return the step; None if the resource does not change, or exists only in Pulumi."""
        operation = OPERATION_NAMES.get(metadata.op)
        if operation is None or metadata.type.startswith(LOGICAL_TYPE_PREFIXES):
            return None
        properties = _changed_properties(operation, metadata)
        changes = _changed_values(properties, metadata)
        return cls(operation, metadata.type, parse_name(metadata.urn), properties, changes)

    @property
    def resource(self) -> str:
        return f"{self.name} ({self.type})"

    def as_dict(self) -> dict[str, Any]:
        return {
            "operation": self.operation,
            "type": self.type,
            "name": self.name,
            "properties": list(self.properties),
        }


@dataclass(frozen=True)
class Changes:
    """Numbers of resources by operation. A replaced resource counts once."""

    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0
    same: int = 0

    @classmethod
    def from_operation_counts(cls, counts: Mapping[OpType, int] | None) -> "Changes":
        """Convert the counts of the engine.

        The engine counts a replacement under `replace`, and again under the operations it consists of, such
        as `create-replacement`. These are ignored.
        """
        by_name = {str(getattr(key, "value", key)): count for key, count in (counts or {}).items()}
        return cls(
            **{name: by_name.get(name, 0) for name in ("create", "update", "replace", "delete", "same")}
        )

    @property
    def any(self) -> bool:
        """Whether at least one resource changes."""
        return bool(self.create or self.update or self.replace or self.delete)


class ResourceInputs(NamedTuple):
    """The type of a resource, such as `aws:sqs/queue:Queue`, and its inputs."""

    type: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True)
class OperationResult:
    """The result of one operation on one stack. Secrets in the outputs are hidden.

    `outputs_before` are the outputs before the operation. `placeholders` are the upstream layers whose
    outputs were replaced by placeholders, which only a preview allows. `resources` and `resources_before` are
    all resources by URN, also those that do not change.
    """

    changes: Changes
    outputs: Mapping[str, Any] = field(default_factory=dict)
    outputs_before: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    placeholders: frozenset[str] = frozenset()
    resources: Mapping[str, ResourceInputs] = field(default_factory=dict)
    resources_before: Mapping[str, ResourceInputs] = field(default_factory=dict)

    def add_earlier_deletion(self, earlier: "OperationResult") -> "OperationResult":
        """Return this deletion combined with an earlier deletion from the same stack."""
        deleted = self.changes.delete + earlier.changes.delete
        return replace(
            self,
            changes=replace(self.changes, delete=deleted),
            steps=(*earlier.steps, *self.steps),
        )

    @property
    def changes_outputs(self) -> bool:
        """Whether an existing stack's outputs changed."""
        return bool(self.outputs_before) and visible_outputs(self.outputs) != visible_outputs(
            self.outputs_before
        )


def _changed_properties(operation: str, metadata: StepEventMetadata) -> tuple[str, ...]:
    if operation == "replace" and metadata.keys:
        return tuple(metadata.keys)
    if operation in ("update", "replace"):
        return tuple(metadata.detailed_diff or metadata.diffs or ())
    return ()


def _changed_values(properties: Sequence[str], metadata: StepEventMetadata) -> tuple[PropertyChange, ...]:
    old, new = metadata.old, metadata.new
    if not properties or old is None or new is None:
        return ()
    return tuple(diff_properties(old.inputs or {}, new.inputs or {}, properties))
