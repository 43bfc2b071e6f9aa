"""Logs and metrics of a function: JSON lines, and CloudWatch's embedded metric format.

No line holds personal data: it has the transaction's id as `correlation_id`, never the account, the device,
the IP address, or the text of an unexpected exception, which may quote any of them.

Written here for the start-up time: aws-lambda-powertools does this and more, for another tenth of a bare
start and most of the zip's size.
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

Unit = Literal["Count", "Milliseconds"]
_MOST_FRAMES = 30


class InvocationFailedError(Exception):
    """Ends an invocation that failed. Lambda logs the text and sends it on, so that it holds no data."""


class Telemetry:
    """Logs and metrics of the function `service`, to `stream` or standard output; `flush` ends an invocation.

    Levels are filtered by Lambda, which reads `level` from the line.
    """

    def __init__(self, service: str, stream: TextIO | None = None) -> None:
        self._service = service
        self._stream = stream
        self._transaction_id: str | None = None
        self._metrics: dict[str, tuple[Unit, list[int]]] = {}

    @contextmanager
    def invocation(self) -> Iterator[None]:
        """Surrounds one invocation: logs an error that ends it, and writes the metrics.

        Raises InvocationFailedError in place of that error, whose text may quote personal data.
        """
        try:
            yield
        except Exception as error:
            self.failure("invocation failed", error)
            raise InvocationFailedError(_summary(error)) from None
        finally:
            self.flush()

    def about(self, transaction_id: str | None) -> None:
        """Lines from here on, until `flush`, carry the id of this transaction."""
        self._transaction_id = transaction_id

    def info(self, message: str, **facts: object) -> None:
        """Logs what happened, with facts that are no personal data."""
        self._log("INFO", message, facts)

    def failure(self, message: str, error: BaseException) -> None:
        """Logs an unexpected error: type, AWS error code, cause and traceback, but not its text."""
        cause = error.__cause__
        facts: dict[str, object] = {
            "error": type(error).__name__,
            "code": _code(error) or (_code(cause) if cause else None),
            "cause": type(cause).__name__ if cause else None,
            "traceback": _frames(error),
        }
        self._log("ERROR", message, facts)

    def count(self, name: str, value: int = 1) -> None:
        """Adds a value to a metric."""
        self._measure(name, "Count", value)

    def duration(self, name: str, milliseconds: int) -> None:
        """Adds a value to a metric of durations; clocks of two machines may differ, so none is below 0."""
        self._measure(name, "Milliseconds", max(milliseconds, 0))

    def flush(self) -> None:
        """Ends an invocation: writes the metrics that were collected, if there are any."""
        self.about(None)
        if self._metrics:
            self._write(_embedded(self._service, self._metrics))
            self._metrics = {}

    def _measure(self, name: str, unit: Unit, value: int) -> None:
        self._metrics.setdefault(name, (unit, []))[1].append(value)

    def _log(self, level: str, message: str, facts: dict[str, object]) -> None:
        line = {
            "level": level,
            "timestamp": _now().isoformat(timespec="milliseconds"),
            "service": self._service,
            "message": message,
            "correlation_id": self._transaction_id,
            "xray_trace_id": _trace_id(),
            **facts,
        }
        self._write({name: value for name, value in line.items() if value is not None})

    def _write(self, line: dict[str, object]) -> None:
        print(msgspec.json.encode(line).decode(), file=self._stream or sys.stdout, flush=True)


def _embedded(service: str, metrics: dict[str, tuple[Unit, list[int]]]) -> dict[str, object]:
    directive = {
        "Namespace": METRICS_NAMESPACE,
        "Dimensions": [["service"]],
        "Metrics": [{"Name": name, "Unit": unit} for name, (unit, _) in metrics.items()],
    }
    aws = {"Timestamp": int(_now().timestamp() * 1000), "CloudWatchMetrics": [directive]}
    return {"_aws": aws, "service": service, **{name: values for name, (_, values) in metrics.items()}}


def _now() -> datetime:
    return datetime.now(UTC)


def _trace_id() -> str | None:
    # Lambda sets it anew for each invocation: 'Root=1-…;Parent=…;Sampled=1'.
    root = os.environ.get("_X_AMZN_TRACE_ID", "").partition(";")[0]
    return root.removeprefix("Root=") or None


def _code(error: BaseException) -> str | None:
    """AWS's code for what a call failed with."""
    response = getattr(error, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None


def _summary(error: BaseException) -> str:
    code = _code(error) or (_code(error.__cause__) if error.__cause__ else None)
    return f"{type(error).__name__} ({code})" if code else type(error).__name__


def _frames(error: BaseException) -> list[str]:
    """The lines that the error passed, innermost last: 'functions/fraud/service.py:51 in process'."""
    frames = []
    step = error.__traceback__
    while step:
        code = step.tb_frame.f_code
        frames.append(f"{_short_path(code.co_filename)}:{step.tb_lineno} in {code.co_name}")
        step = step.tb_next
    return frames[-_MOST_FRAMES:]


def _short_path(file: str) -> str:
    """The path below the folder that holds the code."""
    for folder in ("/site-packages/", "/functions/"):
        _, found, path = file.rpartition(folder)
        if found:
            return path if folder == "/site-packages/" else f"functions/{path}"
    return Path(file).name
