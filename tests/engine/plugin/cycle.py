"""One group's life cycle, run once; the tests look at what came of it."""

from dataclasses import dataclass
from typing import Any

from tests.engine.plugin.engine import EngineUnderTest, Operations
from tests.engine.plugin.programs.variant import Group, Variant


@dataclass(frozen=True)
class Cycle:
    """What each step did, and what AWS had before, meanwhile and after."""

    group: Group
    created: Operations
    repeated: Operations
    changed: Operations
    settled: Operations
    resources: dict[str, Any]
    reported: dict[str, Any]
    before: set[str]
    while_up: set[str]
    left: set[str]

    @property
    def types(self) -> frozenset[str]:
        """The resource types in the state."""
        return frozenset(one["type"] for one in self.resources.values())

    @classmethod
    def run(cls, name: str, group: Group, engine: EngineUnderTest) -> "Cycle":
        """Create, look again, change, look again, destroy."""

        def program(variant: Variant) -> Any:
            return lambda: group.program(variant, engine.folder)

        before = group.listed(engine.client)
        with engine.stack(name) as stack:
            created = stack.up(program(Variant.FIRST))
            repeated = stack.preview(program(Variant.AGAIN), refresh=True)
            changed = stack.up(program(Variant.CHANGED))
            settled = stack.preview(program(Variant.CHANGED), refresh=True)
            resources = stack.resources()
            reported = group.reported(engine.client, lambda name: resources[name]["outputs"])
            while_up = group.listed(engine.client)
            stack.destroy()
        left = group.listed(engine.client)
        return cls(group, created, repeated, changed, settled, resources, reported, before, while_up, left)
