"""Shows what the functions log, from CloudWatch Logs: once, or as it comes."""

import heapq
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from terminal.aws_errors import told_to_users
from terminal.durations import milliseconds
from terminal.errors import UserError
from terminal.output import console

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

import json
from dataclasses import dataclass
from datetime import datetime

from rich.text import Text

# Lambda's own lines about an invocation, and metrics: not what one reads a log for. `--json` shows them.
PLATFORM = ("START RequestId:", "END RequestId:", "REPORT RequestId:", "INIT_START ")
METRICS_KEY = "_aws"
PLATFORM_TYPE = "platform."

STYLES = {"DEBUG": "dim", "INFO": "green", "WARNING": "yellow", "ERROR": "bold red", "CRITICAL": "bold red"}
FUNCTION_STYLE = "cyan"
# Said elsewhere on the line, or of use to a machine only.
LEFT_OUT = frozenset(
    {"level", "message", "timestamp", "correlation_id", "exception", "service", "location", "xray_trace_id"}
    | {"cold_start", "function_arn", "function_memory_size", "function_name", "function_request_id"}
    | {"exception_name", "stack_trace", "sampling_rate", "traceback"}
)


@dataclass(frozen=True)
class LogLine:
    """One line: of which function, when (epoch milliseconds), and its text as it was written."""

    function: str
    timestamp_ms: int
    message: str

    def as_json(self) -> str:
        """The line as one JSON object; a message that is JSON itself is not wrapped in a string."""
        content = _parsed(self.message)
        value = {
            "function": self.function,
            "timestamp_ms": self.timestamp_ms,
            "message": self.message.rstrip("\n") if content is None else content,
        }
        return json.dumps(value)

    def as_text(self) -> Text | None:
        """Time, function, level, message, correlation id and further fields; None for what is not shown."""
        content = _parsed(self.message)
        if self.message.startswith(PLATFORM) or (content is not None and _is_machinery(content)):
            return None
        if content is None:
            return self._line("", self.message.rstrip(), "", "")
        line = self._line(
            str(content.get("level", "")),
            _said(content.get("message", "")),
            str(content.get("correlation_id") or ""),
            _further(content),
        )
        if exception := content.get("exception"):
            line.append("\n  " + str(exception).replace("\n", "\n  "), style="red")
        for frame in content.get("traceback") or ():
            line.append(f"\n    {frame}", style="red")
        return line

    def _line(self, level: str, message: str, correlation_id: str, further: str) -> Text:
        # The local time zone, as the clock on the wall; --json has epoch milliseconds.
        time = datetime.fromtimestamp(self.timestamp_ms / 1000).astimezone().strftime("%H:%M:%S.%f")[:-3]
        parts: list[tuple[str, str]] = [(time, "dim"), (f"{self.function:<6}", FUNCTION_STYLE)]
        parts += [(f"{level:<7}", STYLES.get(level, ""))] if level else []
        parts += [(message, ""), (correlation_id, "bold"), (further, "dim")]
        return Text("  ").join(Text(text, style) for text, style in parts if text)


def _parsed(message: str) -> dict[str, Any] | None:
    try:
        content = json.loads(message)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _is_machinery(content: Mapping[str, Any]) -> bool:
    return METRICS_KEY in content or str(content.get("type", "")).startswith(PLATFORM_TYPE)


def _said(message: object) -> str:
    return message if isinstance(message, str) else json.dumps(message)


def _further(content: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={_said(value)}" for key, value in content.items() if key not in LEFT_OUT)


PAGE = 10_000
# CloudWatch shows a line some seconds after it was written: what is this recent is asked for again.
LATE_MS = 30_000
FOLLOW_SECONDS = 1.0


def logs(
    client: "CloudWatchLogsClient",
    functions: Mapping[str, str],
    *,
    function: str = "",
    since: str = "10m",
    follow: bool = False,
    as_json: bool = False,
    wait: Callable[[float], None] = time.sleep,
) -> int:
    """Print the log lines of one or all of `functions` (short name → name in AWS), oldest first; returns 0.

    `since` is how far back, such as 10m. Following ends with Ctrl-C, which is no failure.
    """
    start_ms = max(0, _now_ms() - milliseconds("--since", since))
    tail = Tail(client, _groups(functions, function), start_ms)
    try:
        with told_to_users():
            _print(tail.read(), as_json=as_json)
            while follow:
                wait(FOLLOW_SECONDS)
                _print(tail.read(), as_json=as_json)
    except KeyboardInterrupt:
        return 0
    return 0


class Tail:
    """Reads the lines of several log groups (by short function name), each line once."""

    def __init__(self, client: "CloudWatchLogsClient", groups: Mapping[str, str], start_ms: int) -> None:
        self._client = client
        self._groups = {name: _Group(name, group, start_ms) for name, group in groups.items()}

    def read(self) -> Iterator[LogLine]:
        """What came since the last time, in the order of its time."""
        streams = [self._read(group) for group in self._groups.values()]
        return heapq.merge(*streams, key=lambda line: line.timestamp_ms)

    def _read(self, group: "_Group") -> Iterator[LogLine]:
        for event in self._events(group):
            if group.is_new(event):
                yield LogLine(group.function, event["timestamp"], event["message"])
        group.forget_old()

    def _events(self, group: "_Group") -> Iterator[Mapping[str, Any]]:
        start_ms, token = group.start_ms, ""
        while True:
            arguments: dict[str, Any] = {"nextToken": token} if token else {}
            try:
                page = self._client.filter_log_events(
                    logGroupName=group.name, startTime=start_ms, limit=PAGE, **arguments
                )
            except self._client.exceptions.ResourceNotFoundException as error:
                raise UserError(
                    f"There is no log group {group.name}.", "Deploy the function first."
                ) from error
            yield from page["events"]
            token = page.get("nextToken", "")
            # An emulator may cut a page without a token: go on from the last line's time.
            cut = len(page["events"]) >= PAGE and page["events"][-1]["timestamp"] > start_ms
            if not token and not cut:
                return
            if not token:
                start_ms = page["events"][-1]["timestamp"]


class _Group:
    """One log group and which of its lines were seen."""

    def __init__(self, function: str, name: str, start_ms: int) -> None:
        self.function = function
        self.name = name
        self.start_ms = start_ms
        self._seen: dict[object, int] = {}

    def is_new(self, event: Mapping[str, Any]) -> bool:
        """Whether it is seen for the first time."""
        place = (event["timestamp"], event.get("logStreamName"), event["message"])
        key = event.get("eventId") or place
        new = key not in self._seen
        self._seen[key] = event["timestamp"]
        return new

    def forget_old(self) -> None:
        """Ask next time only for what may still be late, and remember only that."""
        newest = max(self._seen.values(), default=self.start_ms)
        self.start_ms = max(self.start_ms, newest - LATE_MS)
        self._seen = {key: at for key, at in self._seen.items() if at >= self.start_ms}


def _groups(functions: Mapping[str, str], function: str) -> dict[str, str]:
    if function and function not in functions:
        raise UserError(f"There is no function '{function}'.", f"Functions are: {', '.join(functions)}.")
    wanted = [function] if function else list(functions)
    return {name: f"/aws/lambda/{functions[name]}" for name in wanted}


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _print(lines: Iterator[LogLine], *, as_json: bool) -> None:
    for line in lines:
        if as_json:
            sys.stdout.write(line.as_json() + "\n")
        elif (text := line.as_text()) is not None:
            console.print(text)
    sys.stdout.flush()
