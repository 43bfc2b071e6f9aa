"""Progress of engine operations: a table with a row for each layer on a terminal, plain lines elsewhere."""

import threading
import time
from collections.abc import Mapping
from types import MappingProxyType, TracebackType

from pulumi.automation import EngineEvent, OpType
from pulumi.automation.events import DiagnosticEvent, ResourcePreEvent, StepEventMetadata
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from orchestration.layers import Layer
from orchestration.pulumi.resource_types import PULUMI_TYPE_PREFIX
from orchestration.pulumi.urn import parse_name
from terminal.output import progress_console

# The line for REPLACE covers both parts of a replacement.
SILENT_OPERATIONS = {
    OpType.SAME,
    OpType.READ,
    OpType.READ_REPLACEMENT,
    OpType.REFRESH,
    OpType.CREATE_REPLACEMENT,
    OpType.DELETE_REPLACED,
}
PAST_TENSE = {
    OpType.CREATE: "created",
    OpType.UPDATE: "updated",
    OpType.DELETE: "deleted",
    OpType.REPLACE: "replaced",
}
DELETIONS = (OpType.DELETE, OpType.DELETE_REPLACED)
WARNING = "warning"


class Progress:
    """Displays the events of several stacks while it is used as a context manager.

    `slow_types` maps types whose deletion takes long to the reason, which is printed when a deletion starts.
    """

    def __init__(
        self, output: Console = progress_console, slow_types: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._output = output
        self._slow_types = slow_types
        self._guard = threading.Lock()
        self._rows: dict[str, _Row] = {}
        self._warnings: set[str] = set()
        self._live: Live | None = None

    def __enter__(self) -> "Progress":
        self._rows = {}
        if self._output.is_terminal:
            # Standard output is not redirected, because it can be a file.
            self._live = Live(
                get_renderable=self._build_table, console=self._output, transient=True, redirect_stdout=False
            )
            self._live.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def handle_event(self, layer: Layer, event: EngineEvent) -> None:
        """Process one event of a layer's stack. Can be called from any thread."""
        with self._guard:
            line = self._update_row(layer, event)
        # Printing waits for the thread that draws the table, and that thread waits for the guard.
        if line:
            self._output.print(line)

    def _update_row(self, layer: Layer, event: EngineEvent) -> Text | None:
        """Update the layer's row and return the line to print, if any."""
        row = self._rows.setdefault(layer.name, _Row())
        if event.resource_pre_event:
            return self._start_step(layer, row, event.resource_pre_event)
        if event.res_outputs_event:
            step = event.res_outputs_event.metadata
            row.end_step(step.urn)
            return _format_finished_step(layer, step, planned=bool(event.res_outputs_event.planning))
        if event.res_op_failed_event:
            row.end_step(event.res_op_failed_event.metadata.urn)
        elif event.cancel_event:
            row.stop_timer()
        elif event.diagnostic_event and event.diagnostic_event.severity == WARNING:
            return self._format_warning(layer, event.diagnostic_event)
        return None

    def _start_step(self, layer: Layer, row: "_Row", event: ResourcePreEvent) -> Text | None:
        step = event.metadata
        resource = f"{_shorten_type(step.type)} {parse_name(step.urn)}"
        if not step.type.startswith(PULUMI_TYPE_PREFIX):
            row.start_step(step.urn, resource)
        if step.op in DELETIONS and step.type in self._slow_types and not event.planning:
            return Text(f"{layer.name}: deleting {resource}: {self._slow_types[step.type]}")
        return None

    def _format_warning(self, layer: Layer, event: DiagnosticEvent) -> Text | None:
        """Return the line for a warning; None if the same line was printed before."""
        # Some warnings continue with a page of general advice.
        first_line, _, _ = event.message.strip().partition("\n")
        line = f"{layer.name}: warning: {first_line}"
        if line in self._warnings:
            return None
        self._warnings.add(line)
        return Text(line, "yellow")

    def _build_table(self) -> Table:
        grid = Table.grid(padding=(0, 2))
        with self._guard:
            for name, row in self._rows.items():
                grid.add_row(
                    f"[bold]{name}[/]", f"{row.done} done", f"{row.elapsed_seconds:.0f} s", row.current
                )
        return grid


class _Row:
    """The finished and running steps of one layer."""

    def __init__(self) -> None:
        self.done = 0
        self._started = time.monotonic()
        self._ended: float | None = None
        self._running: dict[str, str] = {}

    def start_step(self, urn: str, resource: str) -> None:
        self._running[urn] = resource

    def end_step(self, urn: str) -> None:
        self.done += self._running.pop(urn, None) is not None

    def stop_timer(self) -> None:
        self._ended = time.monotonic()

    @property
    def elapsed_seconds(self) -> float:
        return (self._ended or time.monotonic()) - self._started

    @property
    def current(self) -> str:
        """The first running step and the number of others, on one line."""
        resources = list(self._running.values())
        more = f" and {len(resources) - 1} more" if len(resources) > 1 else ""
        return f"[dim]{escape(resources[0])}{more}[/]" if resources else ""


def _format_finished_step(layer: Layer, step: StepEventMetadata, *, planned: bool) -> Text | None:
    """Return the line for a finished step; None if the resource did not change."""
    if step.op in SILENT_OPERATIONS or step.type.startswith(PULUMI_TYPE_PREFIX):
        return None
    verb = PAST_TENSE.get(step.op, str(step.op.value))
    if planned:
        verb = f"would be {verb}"
    return Text.assemble(
        (f"{layer.name}:", "dim"), f" {_shorten_type(step.type)} {parse_name(step.urn)} {verb}"
    )


def _shorten_type(resource_type: str) -> str:
    """Return `sqs.Queue` for `aws:sqs/queue:Queue`; other types unchanged."""
    provider, _, rest = resource_type.partition(":")
    module, separator, name = rest.partition(":")
    return f"{module.split('/')[0]}.{name}" if provider == "aws" and separator else resource_type
