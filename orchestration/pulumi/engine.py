"""The Pulumi engine: operations on the layers' stacks through the Automation API, with typed results."""

import json
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from pulumi.automation import (
    EngineEvent,
    LocalWorkspace,
    OutputMap,
    Stack,
    StackNotFoundError,
    UpdateSummary,
)
from pulumi.automation._stack import StackInitMode  # The SDK, whose version is pinned, does not export it.

from orchestration.environments import Environment
from orchestration.layers import IncompleteLayerError, Layer
from orchestration.pulumi import backend, settings_file
from orchestration.pulumi.command import ControlledCommand
from orchestration.pulumi.drift import DriftedResource
from orchestration.pulumi.operation import Operation
from orchestration.pulumi.program import Program
from orchestration.pulumi.resource_types import FUNCTION_TYPE, STACK_TYPE
from orchestration.pulumi.results import Changes, OperationResult
from orchestration.pulumi.urn import describe_resource
from orchestration.pulumi.variables import pulumi_variables
from terminal.output import print_message

HISTORY_PAGE_SIZE = 100
PROJECT_FILE = "Pulumi.yaml"

EventHandler = Callable[[Layer, EngineEvent], None]
# Creates the program of a stack's folder, with the upstream layers that have placeholders.
ProgramFactory = Callable[[Path, frozenset[str]], Program]
# The CLI runs for seconds. With Go's default of 100 it spends a fifth of its CPU time on garbage collection.
GARBAGE_COLLECTION = {"GOGC": "400"}


def find_policy_packs(environment: Environment) -> list[str]:
    """Return the folder of the policy pack. The pack of another tree judges the program of that tree."""
    folder = environment.tree / "policy"
    return [str(folder)] if (folder / "PulumiPolicy.yaml").exists() else []


def ignore_event(_layer: Layer, _event: EngineEvent) -> None:
    """Handle events of callers that show no progress."""


class Engine:
    """Operates on the stacks of one environment. Methods for different layers can run in parallel.

    `aws` are variables for the AWS plugin, added to the variables that `command` passes on. Every method
    raises `LayerError` for failures that a user can act on.
    """

    def __init__(
        self,
        environment: Environment,
        command: ControlledCommand,
        *,
        aws: Mapping[str, str] | None = None,
        on_event: EventHandler = ignore_event,
        create_program: ProgramFactory = Program,
    ) -> None:
        self.environment = environment
        self._command = command
        tuning = {} if "GOGC" in os.environ else GARBAGE_COLLECTION
        self._variables = {**tuning, **pulumi_variables(environment), **(aws or {})}
        self._on_event = on_event
        self._create_program = create_program
        # Names of the layers whose stacks this engine has seen.
        self._existing: set[str] = set()

    def up(
        self, layer: Layer, *, message: str = "", plan: Path | None = None, refresh: bool = False
    ) -> OperationResult:
        """Update the stack to match its program; create the stack if it does not exist.

        With `plan`, a file that `preview` saved, the update is limited to the plan. With `refresh`, changes
        made outside Pulumi are detected and reverted.
        """
        with self._operation(layer) as operation:
            stack = self._open_stack(layer, operation.program, create=True)
            stack.up(
                on_event=self._event_handler(layer, operation),
                message=message or None,
                plan=str(plan) if plan else None,
                refresh=refresh or None,
                policy_packs=find_policy_packs(self.environment),
                suppress_outputs=True,
            )
            return operation.result

    def preview(
        self,
        layer: Layer,
        *,
        placeholders: frozenset[str] = frozenset(),
        plan: Path | None = None,
        refresh: bool = False,
    ) -> OperationResult:
        """Return the result that `up` would have; create the stack, without resources, if it does not exist.

        `placeholders` are upstream layers without outputs, whose outputs are replaced by placeholders. `plan`
        is the file to save the plan to.
        """
        with self._operation(layer, placeholders) as operation:
            stack = self._open_stack(layer, operation.program, create=True)
            stack.preview(
                on_event=self._event_handler(layer, operation),
                plan=str(plan) if plan else None,
                refresh=refresh or None,
                policy_packs=find_policy_packs(self.environment),
                suppress_outputs=True,
            )
            return operation.result

    def destroy(self, layer: Layer, *, message: str = "") -> OperationResult:
        """Delete every resource of the stack, but not the stack and its history."""
        with self._operation(layer) as operation:
            try:
                stack = self._open_stack(layer, operation.program, create=False)
                stack.destroy(
                    on_event=self._event_handler(layer, operation),
                    message=message or None,
                    suppress_outputs=True,
                )
            except StackNotFoundError:
                return OperationResult(Changes())
            return operation.result

    def destroy_functions(self, layer: Layer, *, message: str = "") -> OperationResult:
        """Delete the stack's Lambda functions and the resources that depend on them.

        The roles and log groups of the functions are not deleted.
        """
        urns = [
            resource["urn"] for resource in self._list_resources(layer) if resource["type"] == FUNCTION_TYPE
        ]
        if not urns:
            return OperationResult(Changes())
        with self._operation(layer) as operation:
            stack = self._open_stack(layer, operation.program, create=False)
            stack.destroy(
                on_event=self._event_handler(layer, operation),
                message=message or None,
                target=urns,
                target_dependents=True,
                suppress_outputs=True,
            )
            return operation.result

    def find_drift(self, layer: Layer) -> Sequence[DriftedResource] | None:
        """Return the resources that were changed outside Pulumi; None if the stack has no resources.

        AWS is compared with the state, not with the program. Neither of them changes.
        """
        with self._operation(layer) as operation:
            try:
                stack = self._open_stack(layer, None, create=False)
                refresh = stack.preview_refresh(
                    on_event=self._event_handler(layer, operation), run_program=False, suppress_outputs=True
                )
            except StackNotFoundError:
                return None
            drifted = [
                resource for resource in map(DriftedResource.from_event, operation.finished_steps) if resource
            ]
            return sorted(drifted, key=lambda item: item.resource) if refresh.change_summary else None

    def outputs(self, layer: Layer) -> Mapping[str, Any] | None:
        """Return the stack's outputs with secrets in plain text; None if the stack does not exist."""
        with self._operation(layer):
            try:
                # The Automation API runs the CLI twice, to distinguish secrets from other outputs.
                text = self._run(
                    layer, "stack", "output", "--json", "--show-secrets", "--stack", self.environment.name
                )
            except StackNotFoundError:
                return None
            self._existing.add(layer.name)
            return dict(json.loads(text))

    def history(self, layer: Layer) -> list[UpdateSummary]:
        """Return all updates of the stack, newest first; empty if the stack does not exist."""
        updates: list[UpdateSummary] = []
        with self._operation(layer):
            try:
                stack = self._open_stack(layer, None, create=False)
                # Without paging, the CLI returns the newest ten updates.
                for page_number in count(1):
                    page = stack.history(page_size=HISTORY_PAGE_SIZE, page=page_number, show_secrets=False)
                    updates.extend(page)
                    if len(page) < HISTORY_PAGE_SIZE:
                        break
            except StackNotFoundError:
                return []
        return updates

    def create_stack(self, layer: Layer) -> None:
        """Create the stack, without resources, if it does not exist."""
        with self._operation(layer):
            self._open_stack(layer, None, create=True)

    def cancel(self, layer: Layer) -> None:
        """Remove the lock of an update that no longer runs."""
        with self._operation(layer):
            self._open_stack(layer, None, create=False).cancel()

    def export_deployment(self, layer: Layer) -> dict[str, Any]:
        """Return the `deployment` of the stack's state; empty if the stack does not exist."""
        return dict(self.export_state(layer).get("deployment") or {})

    def export_state(self, layer: Layer) -> dict[str, Any]:
        """Return the stack's state in the format of `pulumi stack import`; empty if it does not exist.

        Secrets are encrypted.
        """
        with self._operation(layer):
            try:
                # The export of the Automation API decrypts secrets.
                text = self._run(layer, "stack", "export", "--stack", self.environment.name)
            except StackNotFoundError:
                return {}
            self._existing.add(layer.name)
            return dict(json.loads(text))

    def run_cli(self, layer: Layer, *arguments: str) -> str:
        """Run the CLI in the layer's folder and return its standard output."""
        with self._operation(layer):
            return self._run(layer, *arguments)

    def is_deployed(self, layer: Layer) -> bool:
        """Whether the stack has resources."""
        return bool(self._list_resources(layer))

    def list_protected(self, layer: Layer) -> Sequence[str]:
        """Return `name (type)` of each resource that Pulumi protects from deletion."""
        return [
            describe_resource(resource["urn"])
            for resource in self._list_resources(layer)
            if resource.get("protect")
        ]

    def interrupt(self) -> None:
        """Finish the running operations and start no others. A second call stops them immediately."""
        # Interrupted programs leave coroutines of the SDK, about which Python would warn.
        warnings.filterwarnings("ignore", message="coroutine .* was never awaited", category=RuntimeWarning)
        self._command.interrupt()

    def _operation(self, layer: Layer, placeholders: frozenset[str] = frozenset()) -> Operation:
        folder = self.environment.stack_folder(layer.name)
        if not (folder / PROJECT_FILE).exists():
            raise IncompleteLayerError(layer, f"stacks/{layer.name}/{PROJECT_FILE}")
        program = self._create_program(folder, placeholders)
        return Operation(self.environment, layer, program, placeholders)

    def _event_handler(self, layer: Layer, operation: Operation) -> Callable[[EngineEvent], None]:
        def handle_event(event: EngineEvent) -> None:
            operation.handle_event(event)
            self._on_event(layer, event)

        return handle_event

    def _list_resources(self, layer: Layer) -> Sequence[Mapping[str, Any]]:
        resources = self.export_deployment(layer).get("resources") or []
        return [resource for resource in resources if resource["type"] != STACK_TYPE]

    def _run(self, layer: Layer, *arguments: str) -> str:
        folder = str(self.environment.stack_folder(layer.name))
        return self._command.run(list(arguments), folder, self._variables).stdout

    def _open_stack(self, layer: Layer, program: Program | None, *, create: bool) -> Stack:
        workspace = LocalWorkspace(
            work_dir=str(self.environment.stack_folder(layer.name)),
            program=program,
            env_vars=self._variables,
            pulumi_command=self._command,
        )
        may_be_new = create and layer.name not in self._existing
        mode = StackInitMode.CREATE_OR_SELECT if may_be_new else StackInitMode.SELECT
        settings = self.environment.settings_file(layer.name)
        before = settings.read_bytes()
        if create:
            workspace.secrets_provider = backend.choose_secrets_provider(self.environment, layer.name)
        stack = LeanStack(self.environment.name, workspace, mode)
        if create:
            self._existing.add(layer.name)
        if settings.read_bytes() != before:
            # The CLI added the salt or the encrypted key of a new stack, which every clone needs to decrypt
            # the stack's secrets.
            settings_file.restore_layout(settings, before.decode())
            file = settings.relative_to(self.environment.tree)
            print_message(f"{file} now contains the encryption settings of the stack. Commit the file.")
        return stack


class LeanStack(Stack):
    """A stack without the extra runs of the CLI that `Stack` starts, which take a second for each update.

    It does not request outputs and a summary after an update, because events report both. It does not select
    an existing stack, because every command names its stack and fails if the stack does not exist.
    """

    def __init__(self, name: str, workspace: LocalWorkspace, mode: StackInitMode) -> None:
        if mode is StackInitMode.SELECT:
            self.name, self.workspace, self._mode = name, workspace, mode
        else:
            super().__init__(name, workspace, mode)

    def outputs(self) -> OutputMap:
        return {}

    def info(self, show_secrets: bool = True) -> UpdateSummary:
        return UpdateSummary("update", datetime.now(UTC), "", {}, {}, "succeeded")
