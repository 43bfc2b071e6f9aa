"""The real engine with the plugin under test: inline programs, state in a folder, events as they come."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation as auto

from orchestration.pulumi.engine import LeanStack, StackInitMode

Program = Callable[[], None]
# Not that of the pipeline which other tests deploy.
ACCOUNT = "999999999999"


@dataclass(frozen=True)
class Stack:
    """One stack of the engine under test."""

    stack: auto.Stack
    client: Callable[[str], Any]

    def up(self, program: Program, *, refresh: bool = False) -> "Operations":
        """Apply the program."""
        operations = Operations()
        self.stack.up(program=program, refresh=refresh, on_event=operations.note)
        return operations

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        outputs = self.stack.workspace.stack_outputs(self.stack.name)
        return {name: output.value for name, output in outputs.items()}

    def preview(self, program: Program, *, refresh: bool = False) -> "Operations":
        """See what an update would do."""
        operations = Operations()
        self.stack.preview(program=program, refresh=refresh, on_event=operations.note)
        return operations

    def destroy(self) -> None:
        """Delete every resource."""
        self.stack.destroy()

    def resources(self) -> dict[str, dict[str, Any]]:
        """What the state has of each resource of the plugin, by logical name."""
        found = self.stack.export_stack().deployment.get("resources", [])
        return {one["urn"].rsplit("::", 1)[1]: one for one in found if one["type"].startswith("aws:")}


@dataclass
class Operations:
    """What the engine did, by logical name of the resource.

    done: create, same, update, replace or delete. found: the resources whose outputs a refresh found changed.
    """

    done: dict[str, str] = field(default_factory=dict)
    found: set[str] = field(default_factory=set)

    def note(self, event: auto.EngineEvent) -> None:
        """Take one event."""
        for one in (event.resource_pre_event, event.res_outputs_event):
            if one is not None and one.metadata.type.startswith("aws:"):
                self._note(one.metadata.urn.rsplit("::", 1)[1], one.metadata)

    def _note(self, name: str, step: Any) -> None:
        operation = str(step.op.value)
        if operation == "refresh":
            if step.new is None or _told(step.old) != _told(step.new):
                self.found.add(name)
        elif "replace" in operation:
            self.done[name] = "replace"
        else:
            self.done.setdefault(name, operation)

    @property
    def changes(self) -> dict[str, str]:
        """What was done to the resources that did not stay the same."""
        return {name: done for name, done in self.done.items() if done != "same"}


def _told(state: Any) -> dict[str, Any]:
    """The outputs of a state; without a function's code, of which the engine refreshes the hash alone."""
    return {name: value for name, value in state.outputs.items() if name != "code"}


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
        workspace = auto.LocalWorkspace(
            program=lambda: None,
            project_settings=auto.ProjectSettings(name="plugin-test", runtime="python"),
            stack_settings={name: settings},
            env_vars=dict(self.variables),
            pulumi_command=self.cli,
        )
        stack = LeanStack(name, workspace, StackInitMode.CREATE)
        under_test = Stack(stack, self.client)
        try:
            yield under_test
        except BaseException:
            stack.destroy()
            raise
