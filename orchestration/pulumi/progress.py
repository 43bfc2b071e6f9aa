"""What the engine is doing, while it does it: a line per layer that changes in place, or plain lines."""

import threading
import time
from collections.abc import Mapping
from types import MappingProxyType, TracebackType

from pulumi.automation import EngineEvent, OpType
from pulumi.automation.events import StepEventMetadata
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from orchestration.layers import Layer
from terminal.output import progress_console

# The two halves of a replacement are left to the line that says "replaced".
SILENT = {
    OpType.SAME,
    OpType.READ,
    OpType.READ_REPLACEMENT,
    OpType.REFRESH,
    OpType.CREATE_REPLACEMENT,
    OpType.DELETE_REPLACED,
}
PAST = {
    OpType.CREATE: "created",
    OpType.UPDATE: "updated",
    OpType.DELETE: "deleted",
    OpType.REPLACE: "replaced",
}
WARNING = "warning"
DELETIONS = (OpType.DELETE, OpType.DELETE_REPLACED)


class Progress:
    """Shows events of several stacks at once; give `event` to the engine, and act within it as a context.

    `slow` are types whose deletion is announced, with the reason why it takes long.
    """

    def __init__(
        self, output: Console = progress_console, slow: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._output = output
        self._slow = slow
        self._guard = threading.Lock()
        self._rows: dict[str, _Row] = {}
        self._warnings: set[str] = set()
        self._live: Live | None = None

    def __enter__(self) -> "Progress":
        self._rows = {}
        if self._output.is_terminal:
            # Standard output stays its own: it may go to a file while this is shown.
            self._live = Live(
                get_renderable=self._table, console=self._output, transient=True, redirect_stdout=False
            )
            self._live.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def event(self, layer: Layer, event: EngineEvent) -> None:
        """Take in one event of a layer's stack; called from any thread."""
        with self._guard:
            line = self._taken_in(layer, event)
        # Not under the guard: whoever prints waits for the table's thread, and that for the guard.
        if line:
            self._output.print(line)

    def _taken_in(self, layer: Layer, event: EngineEvent) -> Text | None:
        """The line to print for it, if any."""
        row = self._rows.setdefault(layer.name, _Row())
        if event.resource_pre_event:
            data = event.resource_pre_event.metadata
            if not data.type.startswith("pulumi:"):
                row.begin(data.urn, _short(data.type))
            if data.op in DELETIONS and data.type in self._slow and not event.resource_pre_event.planning:
                return Text(
                    f"{layer.name}: deleting {_short(data.type)} {_name(data.urn)}: {self._slow[data.type]}"
                )
        elif event.res_outputs_event:
            data = event.res_outputs_event.metadata
            row.end(data.urn)
            return _done(layer, data, planned=bool(event.res_outputs_event.planning))
        elif event.res_op_failed_event:
            row.end(event.res_op_failed_event.metadata.urn)
        elif event.cancel_event:
            row.stop()
        elif event.diagnostic_event and event.diagnostic_event.severity == WARNING:
            # The first line says what; of some warnings a page of general advice follows.
            text = event.diagnostic_event.message.strip().partition("\n")[0]
            return self._warning(f"{layer.name}: warning: {text}")
        return None

    def _warning(self, line: str) -> Text | None:
        """None if it was told already."""
        if line in self._warnings:
            return None
        self._warnings.add(line)
        return Text(line, "yellow")

    def _table(self) -> Table:
        grid = Table.grid(padding=(0, 2))
        with self._guard:
            for name, row in self._rows.items():
                grid.add_row(f"[bold]{name}[/]", f"{row.done} done", f"{row.seconds:.0f} s", row.current)
        return grid


class _Row:
    """One layer's resources: how many are done, which are under way."""

    def __init__(self) -> None:
        self.done = 0
        self._started = time.monotonic()
        self._ended: float | None = None
        self._under_way: dict[str, str] = {}

    def begin(self, urn: str, kind: str) -> None:
        self._under_way[urn] = f"{kind} {_name(urn)}"

    def end(self, urn: str) -> None:
        self.done += self._under_way.pop(urn, None) is not None

    def stop(self) -> None:
        """The engine has nothing more to say: its time stands still."""
        self._ended = time.monotonic()

    @property
    def seconds(self) -> float:
        return (self._ended or time.monotonic()) - self._started

    @property
    def current(self) -> str:
        """What is under way, with the number of others; short enough for one line."""
        kinds = list(self._under_way.values())
        more = f" and {len(kinds) - 1} more" if len(kinds) > 1 else ""
        return f"[dim]{escape(kinds[0])}{more}[/]" if kinds else ""


def _done(layer: Layer, step: StepEventMetadata, *, planned: bool) -> Text | None:
    """What was done to a resource; None where that is nothing to tell."""
    if step.op in SILENT or step.type.startswith("pulumi:"):
        return None
    done = PAST.get(step.op, str(step.op.value))
    verb = f"would be {done}" if planned else done
    return Text.assemble((f"{layer.name}:", "dim"), f" {_short(step.type)} {_name(step.urn)} {verb}")


def _short(kind: str) -> str:
    """`aws:sqs/queue:Queue` as `sqs.Queue`; a component's token as it is."""
    parts = kind.split(":")
    return f"{parts[1].split('/')[0]}.{parts[2]}" if len(parts) == 3 and parts[0] == "aws" else kind  # noqa: PLR2004


def _name(urn: str) -> str:
    return urn.rsplit("::", maxsplit=1)[-1]
