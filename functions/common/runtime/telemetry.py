"""Logs and metrics of a function: JSON lines and CloudWatch's embedded metric format.

The last info line of an invocation also carries its metrics, so that a successful invocation is one line.
CloudWatch Logs bills each line for its bytes and 26 more.

Log lines contain no personal data. They identify a transaction by its ID, as `correlation_id`. They never
contain the account, the device, the IP address, or the text of an unexpected exception, which may quote them.

aws-lambda-powertools has these features too. It would add a tenth to the startup time of an empty function
and would be most of the zip's size.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TextIO

import msgspec

METRICS_NAMESPACE = "FraudPipeline"

MetricUnit = Literal["Count", "Milliseconds"]
_MAX_FRAMES = 30


class InvocationFailedError(Exception):
    """An invocation failed. Lambda logs and forwards the text, so it contains no personal data."""


class Telemetry:
    """Writes logs and metrics of the function `service` to `stream` or standard output.

    An error is written at once. An info line is written before the next line, or by `flush` with the metrics.
    `flush` ends an invocation. Lambda filters log levels by the `level` of each line.
    """

    def __init__(self, service: str, stream: TextIO | None = None) -> None:
        self._service = service
        self._stream = stream
        self._transaction_id: str | None = None
        self._pending_line: dict[str, object] | None = None
        self._metrics: dict[str, tuple[MetricUnit, list[int]]] = {}

    @contextmanager
    def invocation(self) -> Iterator[None]:
        """Log the error that ends the invocation, if any, and write the metrics.

        Raises InvocationFailedError instead of that error, whose text may quote personal data.
        """
        try:
            yield
        except Exception as error:
            self.error("invocation failed", error)
            raise InvocationFailedError(_summarize(error)) from None
        finally:
            self.flush()

    def set_transaction(self, transaction_id: str | None) -> None:
        """Set the `correlation_id` of the lines that follow, until `flush`."""
        self._transaction_id = transaction_id

    def info(self, message: str, **fields: object) -> None:
        """Log a message with fields, which must not contain personal data."""
        self._write_pending_line()
        self._pending_line = self._build_line("INFO", message, fields)

    def error(self, message: str, error: BaseException) -> None:
        """Log an unexpected error at once: type, AWS error code, cause and traceback, without its text."""
        self._write_pending_line()
        cause = error.__cause__
        fields: dict[str, object] = {
            "error": type(error).__name__,
            "code": _find_error_code(error),
            "cause": type(cause).__name__ if cause else None,
            "traceback": _list_frames(error),
        }
        self._write(self._build_line("ERROR", message, fields))

    def count(self, name: str, value: int = 1) -> None:
        """Add a value to a metric."""
        self._measure(name, "Count", value)

    def record_duration(self, name: str, milliseconds: int) -> None:
        """Add a value to a duration metric. A negative value, from clocks that differ, becomes 0."""
        self._measure(name, "Milliseconds", max(milliseconds, 0))

    def flush(self) -> None:
        """End an invocation: write the last info line with the metrics, and clear the `correlation_id`."""
        self.set_transaction(None)
        if self._metrics:
            line = self._pending_line or self._build_line("INFO", None, {})
            self._pending_line = {**line, **_embed_metrics(self._metrics)}
            self._metrics = {}
        self._write_pending_line()

    def _measure(self, name: str, unit: MetricUnit, value: int) -> None:
        self._metrics.setdefault(name, (unit, []))[1].append(value)

    def _build_line(self, level: str, message: str | None, fields: dict[str, object]) -> dict[str, object]:
        line = {
            "level": level,
            # Lambda ignores the level of a line without a time.
            "timestamp": _now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "service": self._service,
            "message": message,
            "correlation_id": self._transaction_id,
            "xray_trace_id": _read_trace_id(),
            **fields,
        }
        return {name: value for name, value in line.items() if value is not None}

    def _write_pending_line(self) -> None:
        line, self._pending_line = self._pending_line, None
        if line is not None:
            self._write(line)

    def _write(self, line: dict[str, object]) -> None:
        print(msgspec.json.encode(line).decode(), file=self._stream or sys.stdout, flush=True)


def _embed_metrics(metrics: dict[str, tuple[MetricUnit, list[int]]]) -> dict[str, object]:
    """The members that make a line with the member `service` a document with metrics."""
    directive = {
        "Namespace": METRICS_NAMESPACE,
        "Dimensions": [["service"]],
        "Metrics": [{"Name": name, "Unit": unit} for name, (unit, _) in metrics.items()],
    }
    aws = {"Timestamp": int(_now().timestamp() * 1000), "CloudWatchMetrics": [directive]}
    # A list of one value is two bytes longer than the value.
    values = {name: values if len(values) > 1 else values[0] for name, (_, values) in metrics.items()}
    return {"_aws": aws, **values}


def _now() -> datetime:
    return datetime.now(UTC)


def _read_trace_id() -> str | None:
    """The ID of the invocation's trace. Without sampling, X-Ray has no trace."""
    # Lambda sets the variable for each invocation: 'Root=1-…;Parent=…;Sampled=1'.
    root, *fields = os.environ.get("_X_AMZN_TRACE_ID", "").split(";")
    return root.removeprefix("Root=") if "Sampled=1" in fields else None


def _find_error_code(error: BaseException) -> str | None:
    """The AWS error code of an error or of its cause."""
    return _read_error_code(error) or (_read_error_code(error.__cause__) if error.__cause__ else None)


def _read_error_code(error: BaseException) -> str | None:
    response = getattr(error, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None


def _summarize(error: BaseException) -> str:
    code = _find_error_code(error)
    return f"{type(error).__name__} ({code})" if code else type(error).__name__


def _list_frames(error: BaseException) -> list[str]:
    """The frames of the traceback, innermost last: 'functions/fraud/service.py:51 in process'."""
    frames = []
    traceback = error.__traceback__
    while traceback:
        code = traceback.tb_frame.f_code
        frames.append(f"{_shorten_path(code.co_filename)}:{traceback.tb_lineno} in {code.co_name}")
        traceback = traceback.tb_next
    return frames[-_MAX_FRAMES:]


def _shorten_path(file: str) -> str:
    """The path relative to the folder of the code."""
    for folder in ("/site-packages/", "/functions/"):
        _, separator, path = file.rpartition(folder)
        if separator:
            return path if folder == "/site-packages/" else f"functions/{path}"
    return Path(file).name
