"""Seeds mistakes in copies of resources, all in one template, so that each checker runs once."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from tests.aws.properties.template import Template, make_template
from tests.stacks.recording import Program, Recorded

LAYER = "mistake"
# A value that takes the property away.
REMOVED = object()


@dataclass(frozen=True)
class Edit:
    """A change to a copy of a resource; `changes` are new values by paths such as `vpcConfig.subnetIds`."""

    type: str
    name: str
    changes: Mapping[str, Any]

    def apply(self, resources: Sequence[Recorded], number: int) -> Recorded:
        """The changed copy; `number` keeps its name apart from others."""
        found = [each for each in resources if (each.type, each.name) == (f"aws:{self.type}", self.name)]
        assert len(found) == 1, f"{self.type} '{self.name}' is not declared: name one that is"
        inputs = deepcopy(dict(found[0].inputs))
        for path, value in self.changes.items():
            _change(inputs, path.split("."), value)
        return replace(found[0], name=f"{number}-copy-{self.name}", inputs=inputs)


@dataclass(frozen=True)
class Mistake:
    """`title` says what is wrong, `rule` which one must find it in one of the edited copies."""

    title: str
    rule: str
    edits: tuple[Edit, ...]


def make_mistakes(programs: Mapping[str, Program], mistakes: Sequence[Mistake]) -> Template:
    """The environment's template, and in it every mistake."""
    resources = [resource for program in programs.values() for resource in program.resources]
    copies = [
        edit.apply(resources, number) for number, mistake in enumerate(mistakes) for edit in mistake.edits
    ]
    return make_template([*programs.values(), Program(LAYER, copies)])


def copy_prefix(number: int) -> str:
    """How the logical ids of a mistake's copies begin."""
    return f"{LAYER.capitalize()}{number}Copy"


def _change(inputs: dict[str, Any], path: Sequence[str], value: Any) -> None:
    *parents, last = path
    place: Any = inputs
    for parent in parents:
        place = place[parent]
    if value is REMOVED:
        del place[last]
    else:
        place[last] = value
