"""Log lines of the functions from CloudWatch Logs: reads each line once, in order of time, and shows it."""

import heapq
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.text import Text

from functions.common.runtime.clock import now_ms
from terminal.aws_errors import translate_aws_errors
from terminal.command_line import command_line
from terminal.durations import parse_duration_ms
from terminal.errors import UserError
from terminal.output import console

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

# Lambda's own lines about an invocation, and lines with metrics only: shown as JSON only.
PLATFORM_PREFIXES = ("START RequestId:", "END RequestId:", "REPORT RequestId:", "INIT_START ")
METRICS_KEY = "_aws"
PLATFORM_TYPE = "platform."

LEVEL_STYLES = {
    "DEBUG": "dim",
    "INFO": "green",
    "WARNING": "yellow",
    "ERROR": "bold red",
    "CRITICAL": "bold red",
}
FUNCTION_STYLE = "cyan"
# Shown elsewhere on the line, or of use to programs only.
HIDDEN_FIELDS = frozenset(
    {"level", "message", "timestamp", "correlation_id", "exception", "service", "location", "xray_trace_id"}
    | {"cold_start", "function_arn", "function_memory_size", "function_name", "function_request_id"}
    | {"exception_name", "stack_trace", "sampling_rate", "traceback"}
)

PAGE_SIZE = 10_000
# CloudWatch Logs shows a line some seconds after it is written. Recent lines are read again.
MAX_DELAY_MS = 30_000
FOLLOW_SECONDS = 1.0


def show_logs(
    client: "CloudWatchLogsClient",
    functions: Mapping[str, str],
    *,
    function: str = "",
    since: str = "10m",
    follow: bool = False,
    as_json: bool = False,
    wait: Callable[[float], None] = time.sleep,
) -> int:
    """Print the log lines of one or all of `functions` (AWS name by short name), oldest first; returns 0.

    `since` is a duration, such as 10m. With `follow`, new lines are printed until Ctrl-C. Raises UserError.
    """
    start_ms = max(0, now_ms() - parse_duration_ms("--since", since))
    tail = LogTail(client, _select_log_groups(functions, function), start_ms)
    try:
        with translate_aws_errors():
            _print_lines(tail.read(), as_json=as_json)
            while follow:
                wait(FOLLOW_SECONDS)
                _print_lines(tail.read(), as_json=as_json)
    except KeyboardInterrupt:
        return 0
    return 0


def _select_log_groups(functions: Mapping[str, str], function: str) -> dict[str, str]:
    if function and function not in functions:
        raise UserError(
            f"--function: '{function}' is not deployed or does not exist.",
            f"Use one of: {', '.join(functions)}.",
        )
    selected = [function] if function else list(functions)
    return {name: f"/aws/lambda/{functions[name]}" for name in selected}


@dataclass(frozen=True)
class LogLine:
    """One line: the short name of its function, its time in epoch milliseconds, and its original text."""

    function: str
    timestamp_ms: int
    message: str

    def as_json(self) -> str:
        """Return the line as one JSON object. A message in JSON is an object in it, not a string."""
        content = parse_object(self.message)
        value = {
            "function": self.function,
            "timestamp_ms": self.timestamp_ms,
            "message": self.message.rstrip("\n") if content is None else content,
        }
        return json.dumps(value)

    def as_text(self) -> Text | None:
        """Return time, function, level, message, correlation id and further fields.

        Returns None for a line of Lambda's own and for one with metrics only, which are not shown.
        """
        content = parse_object(self.message)
        if self.message.startswith(PLATFORM_PREFIXES) or (content is not None and _is_platform(content)):
            return None
        if content is None:
            return self._format("", self.message.rstrip(), "", "")
        text = self._format(
            str(content.get("level", "")),
            _format_value(content.get("message", "")),
            str(content.get("correlation_id") or ""),
            _format_fields(content),
        )
        if exception := content.get("exception"):
            text.append("\n  " + str(exception).replace("\n", "\n  "), style="red")
        for frame in content.get("traceback") or ():
            text.append(f"\n    {frame}", style="red")
        return text

    def _format(self, level: str, message: str, correlation_id: str, fields: str) -> Text:
        # In the local time zone; the JSON output has epoch milliseconds.
        local = datetime.fromtimestamp(self.timestamp_ms / 1000).astimezone().strftime("%H:%M:%S.%f")[:-3]
        parts: list[tuple[str, str]] = [(local, "dim"), (f"{self.function:<6}", FUNCTION_STYLE)]
        parts += [(f"{level:<7}", LEVEL_STYLES.get(level, ""))] if level else []
        parts += [(message, ""), (correlation_id, "bold"), (fields, "dim")]
        return Text("  ").join(Text(text, style) for text, style in parts if text)


class LogTail:
    """Reads the lines of several log groups, by short function name, each line once."""

    def __init__(self, client: "CloudWatchLogsClient", groups: Mapping[str, str], start_ms: int) -> None:
        self._client = client
        self._groups = {name: _LogGroup(name, group, start_ms) for name, group in groups.items()}

    def read(self) -> Iterator[LogLine]:
        """Yield the lines since the last call, in order of time."""
        streams = [self._read_group(group) for group in self._groups.values()]
        return heapq.merge(*streams, key=lambda line: line.timestamp_ms)

    def _read_group(self, group: "_LogGroup") -> Iterator[LogLine]:
        for event in self._read_events(group):
            if group.add(event):
                yield LogLine(group.function, event["timestamp"], event["message"])
        group.forget_old()

    def _read_events(self, group: "_LogGroup") -> Iterator[Mapping[str, Any]]:
        start_ms, token = group.start_ms, ""
        while True:
            arguments: dict[str, Any] = {"nextToken": token} if token else {}
            try:
                page = self._client.filter_log_events(
                    logGroupName=group.name, startTime=start_ms, limit=PAGE_SIZE, **arguments
                )
            except self._client.exceptions.ResourceNotFoundException as error:
                raise UserError(
                    f"The log group {group.name} does not exist.",
                    f"Deploy its function: {command_line('deploy')}",
                ) from error
            yield from page["events"]
            token = page.get("nextToken", "")
            # The embedded AWS may cut a page without a token: continue from the time of the last line.
            is_cut = len(page["events"]) >= PAGE_SIZE and page["events"][-1]["timestamp"] > start_ms
            if not token and not is_cut:
                return
            if not token:
                start_ms = page["events"][-1]["timestamp"]


class _LogGroup:
    """One log group and its recent lines."""

    def __init__(self, function: str, name: str, start_ms: int) -> None:
        self.function = function
        self.name = name
        self.start_ms = start_ms
        # The time of each recent line by its identity.
        self._recent: dict[object, int] = {}

    def add(self, event: Mapping[str, Any]) -> bool:
        """Remember an event; returns whether it is new."""
        content = (event["timestamp"], event.get("logStreamName"), event["message"])
        key = event.get("eventId") or content
        is_new = key not in self._recent
        self._recent[key] = event["timestamp"]
        return is_new

    def forget_old(self) -> None:
        """Move the start to the earliest time at which a new line may still appear."""
        newest = max(self._recent.values(), default=self.start_ms)
        self.start_ms = max(self.start_ms, newest - MAX_DELAY_MS)
        self._recent = {key: time_ms for key, time_ms in self._recent.items() if time_ms >= self.start_ms}


def parse_object(message: str) -> dict[str, Any] | None:
    """Return the JSON object in a message; None if the message is not one."""
    try:
        content = json.loads(message)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _is_platform(content: Mapping[str, Any]) -> bool:
    has_only_metrics = METRICS_KEY in content and "message" not in content
    return has_only_metrics or str(content.get("type", "")).startswith(PLATFORM_TYPE)


def _format_fields(content: Mapping[str, Any]) -> str:
    hidden = HIDDEN_FIELDS | _list_metrics(content)
    fields = {key: value for key, value in content.items() if key not in hidden}
    return " ".join(f"{key}={_format_value(value)}" for key, value in fields.items())


def _list_metrics(content: Mapping[str, Any]) -> frozenset[str]:
    """The names of the metrics in a line, and the key of their description."""
    directives = content.get(METRICS_KEY, {}).get("CloudWatchMetrics", ())
    return frozenset(metric["Name"] for entry in directives for metric in entry["Metrics"]) | {METRICS_KEY}


def _format_value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _print_lines(lines: Iterator[LogLine], *, as_json: bool) -> None:
    for line in lines:
        if as_json:
            sys.stdout.write(line.as_json() + "\n")
        elif (text := line.as_text()) is not None:
            console.print(text)
    sys.stdout.flush()
