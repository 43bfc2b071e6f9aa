"""Mistakes in copies of resources, all in one template, so that each checker runs once."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from tests.aws.properties.template import Template, make_template
from tests.stacks.recording import RecordedProgram, RecordedResource

LAYER = "mistake"
# A value that removes the property.
REMOVED = object()


@dataclass(frozen=True)
class Edit:
    """A change of a copy of a resource. `changes`: new values by paths such as `vpcConfig.subnetIds`."""

    type: str
    name: str
    changes: Mapping[str, Any]

    def apply(self, resources: Sequence[RecordedResource], number: int) -> RecordedResource:
        """The changed copy. `number` makes its name unique."""
        key = (f"aws:{self.type}", self.name)
        (original,) = [resource for resource in resources if (resource.type, resource.name) == key]
        inputs = deepcopy(dict(original.inputs))
        for path, value in self.changes.items():
            _change_value(inputs, path.split("."), value)
        return replace(original, name=f"{number}-copy-{self.name}", inputs=inputs)


@dataclass(frozen=True)
class Mistake:
    """`title`: the mistake. `rule`: the rule that must detect it in one of the edited copies."""

    title: str
    rule: str
    edits: tuple[Edit, ...]


def make_mistakes(programs: Mapping[str, RecordedProgram], mistakes: Sequence[Mistake]) -> Template:
    """The template of an environment with all mistakes."""
    resources = [resource for program in programs.values() for resource in program.resources]
    copies = [
        edit.apply(resources, number) for number, mistake in enumerate(mistakes) for edit in mistake.edits
    ]
    return make_template([*programs.values(), RecordedProgram(LAYER, copies)])


def copy_prefix(number: int) -> str:
    """The prefix of the logical IDs of a mistake's copies."""
    return f"{LAYER.capitalize()}{number}Copy"


def _change_value(inputs: dict[str, Any], path: Sequence[str], value: Any) -> None:
    *parents, last = path
    node: Any = inputs
    for parent in parents:
        node = node[parent]
    if value is REMOVED:
        del node[last]
    else:
        node[last] = value
