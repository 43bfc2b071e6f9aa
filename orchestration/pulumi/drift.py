"""Drift: resources that were changed or deleted outside Pulumi, from the events of a previewed refresh."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi.automation import OpType
from pulumi.automation.events import StepEventMetadata

from orchestration.pulumi.property_diff import PropertyChange, diff_properties, parse_path
from orchestration.pulumi.resource_types import PULUMI_TYPE_PREFIX
from orchestration.pulumi.urn import parse_name


@dataclass(frozen=True)
class DriftedResource:
    """A resource that differs from Pulumi's state: deleted, or with changed properties."""

    type: str
    name: str
    deleted: bool = False
    changes: tuple[PropertyChange, ...] = ()

    @classmethod
    def from_event(cls, metadata: StepEventMetadata) -> "DriftedResource | None":
        """Return the drift that a finished step reports; None without drift, and for types of Pulumi.

        The provider decides which differences count: the engine asks it whether the deployed program would
        change the resource.
        """
        if metadata.type.startswith(PULUMI_TYPE_PREFIX):
            return None
        name = parse_name(metadata.urn)
        if metadata.op is OpType.DELETE:
            return cls(metadata.type, name, deleted=True)
        if metadata.op is OpType.UPDATE:
            return cls(metadata.type, name, changes=tuple(_find_changes(metadata)))
        return None

    @property
    def resource(self) -> str:
        return f"{self.name} ({self.type})"

    def as_dict(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "name": self.name,
            "gone": self.deleted,
            "changes": [change.as_dict() for change in self.changes],
        }


def _find_changes(metadata: StepEventMetadata) -> Sequence[PropertyChange]:
    """Return the differences in the inputs, else in the outputs, else the paths without values."""
    paths = list(metadata.detailed_diff or metadata.diffs or ())
    properties = list(dict.fromkeys(str(parse_path(path)[0]) for path in paths))
    states = [
        (_read_values(metadata.old, side), _read_values(metadata.new, side)) for side in ("inputs", "outputs")
    ]
    # A path can be wrong for the states, in which case its whole property is compared.
    for candidates in (paths, properties):
        for old, new in states:
            # Some providers report a difference without its paths.
            changes = diff_properties(old, new, candidates or sorted(old.keys() | new.keys()))
            if changes:
                return [change for index, change in enumerate(changes) if change not in changes[:index]]
    return [PropertyChange(path) for path in paths]


def _read_values(state: Any, side: str) -> Mapping[str, Any]:
    return (getattr(state, side) or {}) if state else {}
