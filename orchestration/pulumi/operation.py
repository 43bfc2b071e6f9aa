"""One operation on one stack: records the engine's events, and raises its failure as `LayerError`."""

from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType

from pulumi.automation import EngineEvent
from pulumi.automation.errors import CommandError
from pulumi.automation.events import (
    DiagnosticEvent,
    ResourcePreEvent,
    StepEventMetadata,
    StepEventStateMetadata,
)

from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.pulumi.errors import Diagnostic, Violation, explain_failure
from orchestration.pulumi.program import Program
from orchestration.pulumi.resource_types import STACK_TYPE
from orchestration.pulumi.results import Changes, OperationResult, ResourceInputs, Step

ERROR = "error"
MANDATORY = "mandatory"


class Operation:
    """Use as a context manager, with `handle_event` as the handler of the engine's events.

    `finished_steps` are in the order of their events.
    """

    def __init__(
        self, environment: Environment, layer: Layer, program: Program, placeholders: frozenset[str]
    ) -> None:
        self.program = program
        self.result = OperationResult(Changes(), placeholders=placeholders)
        self.finished_steps: list[StepEventMetadata] = []
        self._environment = environment
        self._layer = layer
        self._diagnostics: list[Diagnostic] = []
        self._violations: list[Violation] = []
        self._new_states: dict[str, StepEventStateMetadata] = {}
        self._old_states: dict[str, StepEventStateMetadata] = {}

    def __enter__(self) -> "Operation":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if isinstance(error, CommandError):
            failure = explain_failure(
                error,
                self._environment,
                self._layer,
                diagnostics=self._diagnostics,
                violations=self._violations,
                program_error=self.program.describe_error(),
                traceback=self.program.format_traceback(),
            )
            failure.may_have_changed = bool(self.result.steps)
            raise failure from error

    def handle_event(self, event: EngineEvent) -> None:
        """Record the event. It must not raise: the SDK turns exceptions of a handler into warnings."""
        if event.summary_event:
            changes = Changes.from_operation_counts(event.summary_event.resource_changes)
            self.result = replace(
                self.result,
                changes=changes,
                resources=_read_inputs(self._new_states),
                resources_before=_read_inputs(self._old_states),
            )
        if event.resource_pre_event:
            self._record_start(event.resource_pre_event)
        if event.res_outputs_event:
            self._record_end(event.res_outputs_event.metadata)
        if event.policy_event and event.policy_event.enforcement_level == MANDATORY:
            violation = Violation(event.policy_event.resource_urn or "", event.policy_event.message)
            self._violations.append(violation)
        if event.diagnostic_event and event.diagnostic_event.severity == ERROR:
            self._diagnostics.append(self._create_diagnostic(event.diagnostic_event))

    def _record_start(self, event: ResourcePreEvent) -> None:
        metadata = event.metadata
        if metadata.new:
            self._new_states[metadata.urn] = metadata.new
        if metadata.old:
            self._old_states[metadata.urn] = metadata.old
        if step := Step.from_event(metadata):
            self.result = replace(self.result, steps=(*self.result.steps, step))

    def _record_end(self, metadata: StepEventMetadata) -> None:
        self.finished_steps.append(metadata)
        if metadata.type == STACK_TYPE:
            new, old = metadata.new, metadata.old
            self.result = replace(
                self.result,
                outputs=(new.outputs or {}) if new else {},
                outputs_before=(old.outputs or {}) if old else {},
            )

    def _create_diagnostic(self, event: DiagnosticEvent) -> Diagnostic:
        urn = event.urn or ""
        state = self._new_states.get(urn)
        if state is None:
            return Diagnostic(urn, event.message)
        name = (state.inputs or {}).get("name")
        return Diagnostic(
            urn,
            event.message,
            parent="" if STACK_TYPE in state.parent else state.parent,
            name=name if isinstance(name, str) else "",
        )


def _read_inputs(states: Mapping[str, StepEventStateMetadata]) -> dict[str, ResourceInputs]:
    return {urn: ResourceInputs(state.type, state.inputs or {}) for urn, state in states.items()}
