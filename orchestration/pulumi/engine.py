"""The Pulumi engine, one stack at a time: what the tasks need of the Automation API, with typed results."""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
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
from pulumi.automation._stack import StackInitMode  # the SDK is pinned, and has no public name for it
from pulumi.automation.errors import CommandError
from pulumi.automation.events import DiagnosticEvent, StepEventMetadata, StepEventStateMetadata

from orchestration.environments import Environment
from orchestration.layers import LAYERS, Layer
from orchestration.pulumi import errors
from orchestration.pulumi.command import ControlledCommand
from orchestration.pulumi.drift import Drifted
from orchestration.pulumi.errors import Diagnostic
from orchestration.pulumi.program import Program
from orchestration.pulumi.results import Changes, Outcome, Step
from orchestration.pulumi.variables import pulumi_variables
from orchestration.state import backend, settings_file
from terminal.output import say

__all__ = ["LeanStack", "StackInitMode"]


class LeanStack(Stack):
    """Leaves out what `Stack` asks the CLI after each update: the events told it, and it takes a second.

    One that is expected to be there is not selected first: every command names it, and says if it is not.
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


OnEvent = Callable[[Layer, EngineEvent], None]
# The program in a stack's folder, with the placeholders that it has in a preview.
ProgramOf = Callable[[Path, frozenset[str]], Program]

HISTORY_PAGE = 100

STACK_TYPE = "pulumi:pulumi:Stack"
FUNCTION_TYPE = "aws:lambda/function:Function"


def ignore_event(_layer: Layer, _event: EngineEvent) -> None:
    """For callers that show no progress."""


class Engine:
    """Operates on the layers' stacks of one environment. Its methods may run side by side, one per layer.

    `aws` are variables that the AWS plugin gets besides what `command` passes on. Every method raises
    `LayerError` for what a user can act on.
    """

    def __init__(
        self,
        environment: Environment,
        command: ControlledCommand,
        *,
        aws: Mapping[str, str] | None = None,
        on_event: OnEvent = ignore_event,
        all_layers: Sequence[Layer] = LAYERS,
        program_of: ProgramOf = Program,
    ) -> None:
        self.environment = environment
        self.program_of = program_of
        self._layers = all_layers
        self._command = command
        self._variables = {**pulumi_variables(environment), **(aws or {})}
        self._on_event = on_event

    def up(
        self, layer: Layer, *, message: str = "", plan: Path | None = None, refresh: bool = False
    ) -> Outcome:
        """Bring the stack to what its program declares, creating the stack if there is none.

        With `plan`, a file that `preview` saved, nothing else than what it says; with `refresh`, what was
        changed outside Pulumi is looked for and put back.
        """
        with _Operation(self, layer) as operation:
            stack = self._stack(layer, operation.program, create=True)
            stack.up(
                on_event=operation.event,
                message=message or None,
                plan=str(plan) if plan else None,
                refresh=refresh or None,
                suppress_outputs=True,
            )
            return operation.outcome

    def preview(
        self,
        layer: Layer,
        *,
        placeholders: frozenset[str] = frozenset(),
        plan: Path | None = None,
        refresh: bool = False,
    ) -> Outcome:
        """What `up` would do; creates the stack, without resources, if there is none.

        `placeholders` are layers that have no outputs yet, for which made-up ones stand in; `plan` is a file
        to save what is shown to.
        """
        with _Operation(self, layer, placeholders) as operation:
            stack = self._stack(layer, operation.program, create=True)
            stack.preview(
                on_event=operation.event,
                plan=str(plan) if plan else None,
                refresh=refresh or None,
                suppress_outputs=True,
            )
            return operation.outcome

    def destroy(self, layer: Layer, *, message: str = "") -> Outcome:
        """Delete every resource of the stack; the stack and its history stay."""
        with _Operation(self, layer) as operation:
            try:
                stack = self._stack(layer, operation.program, create=False)
                stack.destroy(on_event=operation.event, message=message or None, suppress_outputs=True)
            except StackNotFoundError:
                return Outcome(Changes())
            return operation.outcome

    def destroy_functions(self, layer: Layer, *, message: str = "") -> Outcome:
        """Delete the stack's Lambda functions and what depends on them. Their roles and log groups stay."""
        urns = [entry["urn"] for entry in self._resources(layer) if entry["type"] == FUNCTION_TYPE]
        if not urns:
            return Outcome(Changes())
        with _Operation(self, layer) as operation:
            stack = self._stack(layer, operation.program, create=False)
            stack.destroy(
                on_event=operation.event,
                message=message or None,
                target=urns,
                target_dependents=True,
                suppress_outputs=True,
            )
            return operation.outcome

    def drifted(self, layer: Layer) -> Sequence[Drifted] | None:
        """What of the stack was changed outside Pulumi; None if the stack holds nothing.

        It is the state that is compared, not this tree's program; nothing is changed, the state neither.
        """
        ended: list[StepEventMetadata] = []

        def event(event: EngineEvent) -> None:
            operation.event(event)
            # Looked at later: the SDK turns what fails in here into a warning, and the drift would be missed.
            if event.res_outputs_event:
                ended.append(event.res_outputs_event.metadata)

        with _Operation(self, layer) as operation:
            try:
                stack = self._stack(layer, None, create=False)
                result = stack.preview_refresh(on_event=event, run_program=False, suppress_outputs=True)
            except StackNotFoundError:
                return None
            found = [one for one in map(Drifted.of, ended) if one]
            return sorted(found, key=lambda one: one.resource) if result.change_summary else None

    def outputs(self, layer: Layer) -> Mapping[str, Any] | None:
        """The stack's outputs, secrets as they are; None if there is no such stack."""
        with _Operation(self, layer):
            try:
                # One run of the CLI: the Automation API asks twice, to tell secrets apart.
                text = self._run(
                    layer, "stack", "output", "--json", "--show-secrets", "--stack", self.environment.name
                )
            except StackNotFoundError:
                return None
            return dict(json.loads(text))

    def history(self, layer: Layer) -> list[UpdateSummary]:
        """All of the stack's updates, newest first; none if there is no such stack."""
        found: list[UpdateSummary] = []
        with _Operation(self, layer):
            try:
                stack = self._stack(layer, None, create=False)
                # The CLI gives the newest ten unless it is asked for pages.
                for page in count(1):
                    updates = stack.history(page_size=HISTORY_PAGE, page=page, show_secrets=False)
                    found.extend(updates)
                    if len(updates) < HISTORY_PAGE:
                        break
            except StackNotFoundError:
                return []
        return found

    def make(self, layer: Layer) -> None:
        """Make the stack, without resources, if there is none."""
        with _Operation(self, layer):
            self._stack(layer, None, create=True)

    def cancel(self, layer: Layer) -> None:
        """Take away the lock of an update that is gone."""
        with _Operation(self, layer):
            self._stack(layer, None, create=False).cancel()

    def exported(self, layer: Layer) -> dict[str, Any]:
        """What the stack's state holds, secrets encrypted; empty if there is no such stack."""
        return dict(self.document(layer).get("deployment") or {})

    def document(self, layer: Layer) -> dict[str, Any]:
        """The stack's state as the engine exports and imports it; empty if there is no such stack."""
        with _Operation(self, layer):
            try:
                # The Automation API's own export would decrypt the secrets.
                text = self._run(layer, "stack", "export", "--stack", self.environment.name)
            except StackNotFoundError:
                return {}
            return dict(json.loads(text))

    def ask(self, layer: Layer, *arguments: str) -> str:
        """What the CLI prints for these arguments, run in the layer's folder."""
        with _Operation(self, layer):
            return self._run(layer, *arguments)

    def is_deployed(self, layer: Layer) -> bool:
        """Whether the stack has any resource."""
        return bool(self._resources(layer))

    def protected(self, layer: Layer) -> Sequence[str]:
        """The resources of the stack that the engine refuses to delete, as a user knows them."""
        return [
            Diagnostic(resource["urn"], "").resource
            for resource in self._resources(layer)
            if resource.get("protect")
        ]

    def interrupt(self) -> None:
        """Let the operations under way finish and start no others; called again, end at once."""
        # Programs that are cut short leave coroutines of the SDK behind, of which Python would tell the user.
        warnings.filterwarnings("ignore", message="coroutine .* was never awaited", category=RuntimeWarning)
        self._command.interrupt()

    def event(self, layer: Layer, event: EngineEvent) -> None:
        """Hand an event on to who shows progress."""
        self._on_event(layer, event)

    def _resources(self, layer: Layer) -> Sequence[Mapping[str, Any]]:
        return [one for one in self.exported(layer).get("resources") or [] if one["type"] != STACK_TYPE]

    def _run(self, layer: Layer, *arguments: str) -> str:
        folder = str(self.environment.stack_folder(layer.name))
        return self._command.run(list(arguments), folder, self._variables).stdout

    def _workspace(self, layer: Layer, program: Program | None = None) -> LocalWorkspace:
        return LocalWorkspace(
            work_dir=str(self.environment.stack_folder(layer.name)),
            program=program,
            env_vars=self._variables,
            pulumi_command=self._command,
        )

    def _stack(self, layer: Layer, program: Program | None, *, create: bool) -> Stack:
        workspace = self._workspace(layer, program)
        mode = StackInitMode.CREATE_OR_SELECT if create else StackInitMode.SELECT
        settings = self.environment.settings_file(layer.name)
        before = settings.read_bytes()
        if create:
            workspace.secrets_provider = backend.secrets_provider(self.environment, layer.name)
        stack = LeanStack(self.environment.name, workspace, mode)
        if settings.read_bytes() != before:
            # A new stack's salt or encrypted key; without it nobody else could read the stack's secrets.
            settings_file.keep_layout(settings, before.decode())
            file = settings.relative_to(self.environment.tree)
            say(f"{file} now says how the stack's secrets are encrypted: commit it.")
        return stack


class _Operation:
    """One operation on one stack: collects what its events tell, and explains what goes wrong."""

    def __init__(self, engine: Engine, layer: Layer, placeholders: frozenset[str] = frozenset()) -> None:
        self.program = engine.program_of(engine.environment.stack_folder(layer.name), placeholders)
        self._engine = engine
        self._layer = layer
        self.outcome = Outcome(Changes(), placeholders=placeholders)
        self._diagnostics: list[Diagnostic] = []
        self._begun: dict[str, StepEventStateMetadata] = {}

    def event(self, event: EngineEvent) -> None:
        diagnostic, begun, ended = event.diagnostic_event, event.resource_pre_event, event.res_outputs_event
        if event.summary_event:
            changes = Changes.of(event.summary_event.resource_changes)
            self.outcome = replace(self.outcome, changes=changes)
        if begun and begun.metadata.new:
            self._begun[begun.metadata.urn] = begun.metadata.new
        if begun and (step := Step.of(begun.metadata)):
            self.outcome = replace(self.outcome, steps=(*self.outcome.steps, step))
        if ended and ended.metadata.type == STACK_TYPE:
            new, old = ended.metadata.new, ended.metadata.old
            self.outcome = replace(
                self.outcome,
                outputs=(new.outputs or {}) if new else {},
                before=(old.outputs or {}) if old else {},
            )
        if diagnostic and diagnostic.severity == "error":
            self._diagnostics.append(self._diagnosed(diagnostic))
        self._engine.event(self._layer, event)

    def _diagnosed(self, event: DiagnosticEvent) -> Diagnostic:
        resource = self._begun.get(event.urn or "")
        if resource is None:
            return Diagnostic(event.urn or "", event.message)
        name = (resource.inputs or {}).get("name")
        return Diagnostic(
            event.urn or "",
            event.message,
            parent="" if STACK_TYPE in resource.parent else resource.parent,
            name=name if isinstance(name, str) else "",
        )

    def __enter__(self) -> "_Operation":
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, CommandError):
            raise errors.explain(
                error,
                self._engine.environment,
                self._layer,
                diagnostics=self._diagnostics,
                program=self.program.explanation(),
            ) from error
