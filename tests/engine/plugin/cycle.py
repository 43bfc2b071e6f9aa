"""The life cycle of one group of resources, which runs once for several tests."""

from dataclasses import dataclass
from typing import Any

from tests.engine.plugin.engine import EngineUnderTest, Operations
from tests.engine.plugin.programs.variant import Group, Variant


@dataclass(frozen=True)
class LifeCycleRun:
    """The operations of each step, and the resources in AWS before, during and after the deployment."""

    group: Group
    creation: Operations
    preview: Operations
    update: Operations
    preview_after_update: Operations
    resources: dict[str, Any]
    settings: dict[str, Any]
    resources_before: set[str]
    resources_deployed: set[str]
    resources_after: set[str]

    @property
    def types(self) -> frozenset[str]:
        """The resource types in the state."""
        return frozenset(resource["type"] for resource in self.resources.values())

    @classmethod
    def run(cls, name: str, group: Group, engine: EngineUnderTest) -> "LifeCycleRun":
        """Create, preview, update, preview and destroy the group."""

        def program(variant: Variant) -> Any:
            return lambda: group.program(variant, engine.folder)

        resources_before = group.list_resources(engine.client)
        with engine.stack(name) as stack:
            creation = stack.up(program(Variant.FIRST))
            preview = stack.preview(program(Variant.EQUIVALENT), refresh=True)
            update = stack.up(program(Variant.CHANGED))
            preview_after_update = stack.preview(program(Variant.CHANGED), refresh=True)
            resources = stack.resources()
            settings = group.read_settings(engine.client, lambda name: resources[name]["outputs"])
            resources_deployed = group.list_resources(engine.client)
            stack.destroy()
        return cls(
            group=group,
            creation=creation,
            preview=preview,
            update=update,
            preview_after_update=preview_after_update,
            resources=resources,
            settings=settings,
            resources_before=resources_before,
            resources_deployed=resources_deployed,
            resources_after=group.list_resources(engine.client),
        )
