"""One group's life cycle, run once; the tests look at what came of it."""

from dataclasses import dataclass
from typing import Any

from tests.engine.plugin.engine import EngineUnderTest
from tests.engine.plugin.programs.variant import Group, Variant


@dataclass(frozen=True)
class Cycle:
    """What each step did, by logical name, and what AWS had before, meanwhile and after."""

    group: Group
    created: dict[str, str]
    resources: dict[str, Any]
    refreshed: dict[str, str]
    repeated: dict[str, str]
    changed: dict[str, str]
    reported: dict[str, Any]
    settled: dict[str, str]
    before: set[str]
    while_up: set[str]
    left: set[str]

    @property
    def types(self) -> frozenset[str]:
        """The resource types in the state."""
        return frozenset(one["type"] for one in self.resources.values())

    @classmethod
    def run(cls, name: str, group: Group, engine: EngineUnderTest) -> "Cycle":
        """Create, refresh, repeat, change, look again, destroy."""
        before = group.listed(engine.client)
        with engine.stack(name) as stack:
            done: dict[str, Any] = {
                "created": stack.up(lambda: group.program(Variant.FIRST, engine.folder)),
                "refreshed": stack.refresh(),
                "repeated": stack.preview(lambda: group.program(Variant.AGAIN, engine.folder)),
                "changed": stack.up(lambda: group.program(Variant.CHANGED, engine.folder)),
                "resources": stack.resources(),
                "settled": stack.preview(lambda: group.program(Variant.CHANGED, engine.folder), refresh=True),
                "while_up": group.listed(engine.client),
            }
            done["reported"] = group.reported(engine.client, lambda name: done["resources"][name]["outputs"])
            stack.destroy()
        return cls(group, **done, before=before, left=group.listed(engine.client))
