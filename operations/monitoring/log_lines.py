"""One line of a function's log as people read it. It owns no fetching."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
