"""The real engine with the plugin under test: inline programs, state in a folder, events as they come."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation as auto

Program = Callable[[], None]


@dataclass(frozen=True)
class Stack:
    """One stack of the engine under test."""

    stack: auto.Stack
    client: Callable[[str], Any]

    def up(self, program: Program) -> dict[str, str]:
        """Apply the program: what was done to each resource, by logical name (see `Operations`)."""
        operations = Operations()
        self.stack.up(program=program, on_event=operations.note)
        return operations.by_name

    def preview(self, program: Program, *, refresh: bool = False) -> dict[str, str]:
        """What an update would do to each resource."""
        operations = Operations()
        self.stack.preview(program=program, refresh=refresh, on_event=operations.note)
        return operations.by_name

    def refresh(self) -> dict[str, str]:
        """What was found changed of each resource."""
        operations = Operations()
        self.stack.refresh(on_event=operations.note)
        return operations.by_name

    def destroy(self) -> None:
        """Delete every resource."""
        self.stack.destroy()

    def resources(self) -> dict[str, dict[str, Any]]:
        """What the state has of each resource of the plugin, by logical name."""
        found = self.stack.export_stack().deployment.get("resources", [])
        return {one["urn"].rsplit("::", 1)[1]: one for one in found if one["type"].startswith("aws:")}


@dataclass
class Operations:
    """Collects what the engine does: create, same, update, replace, delete by logical name."""

    by_name: dict[str, str] = field(default_factory=dict)

    def note(self, event: auto.EngineEvent) -> None:
        """Take one event."""
        for one in (event.resource_pre_event, event.res_outputs_event):
            if one is not None and one.metadata.type.startswith("aws:"):
                self._note(one.metadata.urn.rsplit("::", 1)[1], str(one.metadata.op.value))

    def _note(self, name: str, operation: str) -> None:
        if "replace" in operation:
            self.by_name[name] = "replace"
        elif operation != "refresh":
            self.by_name.setdefault(name, operation)


@dataclass(frozen=True)
class EngineUnderTest:
    """Makes stacks whose `aws` provider is the plugin, on the embedded AWS of the test run."""

    cli: auto.PulumiCommand
    folder: Path
    variables: Mapping[str, str]
    client: Callable[[str], Any]

    @contextmanager
    def stack(self, name: str, config: Mapping[str, str] | None = None) -> Iterator[Stack]:
        """An empty stack; what a failed test leaves in it is destroyed."""
        settings = auto.StackSettings(config={"aws:region": "us-east-1", **(config or {})})
        stack = auto.create_or_select_stack(
            stack_name=name,
            project_name="plugin-test",
            program=lambda: None,
            opts=auto.LocalWorkspaceOptions(
                env_vars=dict(self.variables), pulumi_command=self.cli, stack_settings={name: settings}
            ),
        )
        under_test = Stack(stack, self.client)
        try:
            yield under_test
        except BaseException:
            stack.destroy()
            raise
