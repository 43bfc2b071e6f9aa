"""A resource that somebody changed or deleted outside Pulumi, from the events of a previewed refresh."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi.automation import OpType
from pulumi.automation.events import StepEventMetadata

from orchestration.pulumi import property_diff
from orchestration.pulumi.property_diff import Change

# The stack itself, its references and providers.
OWN_TYPES = "pulumi:"


@dataclass(frozen=True)
class Drifted:
    """One resource that is not as Pulumi left it: `gone`, or changed in single properties."""

    type: str
    name: str
    gone: bool = False
    changes: tuple[Change, ...] = ()

    @classmethod
    def of(cls, data: StepEventMetadata) -> "Drifted | None":
        """What a finished step tells; None if the resource is as it was, or is none of a provider.

        Whether a difference counts is the provider's decision: the engine asks it whether the program that
        was deployed would now change the resource.
        """
        if data.type.startswith(OWN_TYPES):
            return None
        name = data.urn.rpartition("::")[2]
        if data.op is OpType.DELETE:
            return cls(data.type, name, gone=True)
        if data.op is OpType.UPDATE:
            return cls(data.type, name, changes=tuple(_changes(data)))
        return None

    @property
    def resource(self) -> str:
        """The name and the type, as a user knows them."""
        return f"{self.name} ({self.type})"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "type": self.type,
            "name": self.name,
            "gone": self.gone,
            "changes": [change.as_dict() for change in self.changes],
        }


def _changes(data: StepEventMetadata) -> Sequence[Change]:
    """The differences in what a program can set, or else in what AWS says, or else where there are any."""
    paths = list(data.detailed_diff or data.diffs or ())
    whole = list(dict.fromkeys(str(property_diff.segments(path)[0]) for path in paths))
    states = [(_values(data.old, side), _values(data.new, side)) for side in ("inputs", "outputs")]
    for looked_at in (paths, whole):
        for old, new in states:
            # Not every provider says what it is that differs.
            if found := property_diff.between(old, new, looked_at or sorted(old.keys() | new.keys())):
                return [one for index, one in enumerate(found) if one not in found[:index]]
    return [Change(path) for path in paths]


def _values(state: Any, side: str) -> Mapping[str, Any]:
    return (getattr(state, side) or {}) if state else {}
