"""The Pulumi engine with the plugin under test: inline programs, a file backend and engine events."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi import automation as auto
from pulumi.automation._stack import StackInitMode

from orchestration.pulumi.engine import LeanStack

Program = Callable[[], None]
# Not the account of the pipeline that other tests deploy.
ACCOUNT = "999999999999"


@dataclass(frozen=True)
class Stack:
    """One stack of the engine under test."""

    stack: auto.Stack
    client: Callable[[str], Any]

    def up(self, program: Program, *, refresh: bool = False) -> "Operations":
        """Apply the program."""
        operations = Operations()
        self.stack.up(program=program, refresh=refresh, on_event=operations.record_event)
        return operations

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        outputs = self.stack.workspace.stack_outputs(self.stack.name)
        return {name: output.value for name, output in outputs.items()}

    def preview(self, program: Program, *, refresh: bool = False) -> "Operations":
        """Preview an update with the program."""
        operations = Operations()
        self.stack.preview(program=program, refresh=refresh, on_event=operations.record_event)
        return operations

    def destroy(self) -> None:
        """Delete every resource."""
        self.stack.destroy()

    def resources(self) -> dict[str, dict[str, Any]]:
        """The state of each resource of the plugin, by logical name."""
        resources = self.stack.export_stack().deployment.get("resources", [])
        return {
            resource["urn"].rsplit("::", 1)[1]: resource
            for resource in resources
            if resource["type"].startswith("aws:")
        }


@dataclass
class Operations:
    """The operations of the engine, by logical name of the resource.

    by_name: create, same, update, replace or delete. drifted: resources whose outputs changed in a refresh.
    """

    by_name: dict[str, str] = field(default_factory=dict)
    drifted: set[str] = field(default_factory=set)

    def record_event(self, event: auto.EngineEvent) -> None:
        for resource_event in (event.resource_pre_event, event.res_outputs_event):
            if resource_event is not None and resource_event.metadata.type.startswith("aws:"):
                metadata = resource_event.metadata
                self._record_step(metadata.urn.rsplit("::", 1)[1], metadata)

    def _record_step(self, name: str, step: Any) -> None:
        operation = str(step.op.value)
        if operation == "refresh":
            if step.new is None or _refreshed_outputs(step.old) != _refreshed_outputs(step.new):
                self.drifted.add(name)
        elif "replace" in operation:
            self.by_name[name] = "replace"
        else:
            self.by_name.setdefault(name, operation)

    @property
    def changes(self) -> dict[str, str]:
        """The operations except `same`."""
        return {name: operation for name, operation in self.by_name.items() if operation != "same"}


def _refreshed_outputs(state: Any) -> dict[str, Any]:
    """The outputs of a state without the code of a function, of which the engine only refreshes the hash."""
    return {name: value for name, value in state.outputs.items() if name != "code"}


@dataclass(frozen=True)
class EngineUnderTest:
    """Creates stacks whose `aws` provider is the plugin, on the embedded AWS of the test run."""

    cli: auto.PulumiCommand
    folder: Path
    variables: Mapping[str, str]
    client: Callable[[str], Any]

    @contextmanager
    def stack(self, name: str, config: Mapping[str, str] | None = None) -> Iterator[Stack]:
        """An empty stack. If the test fails, its resources are destroyed."""
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
