"""What a function tells of its work: JSON log lines, and metrics in CloudWatch's embedded metric format.

No line holds personal data: the transaction's id as `correlation_id`, never the account, the device, the IP
address, or the text of an unexpected exception, which may quote any of them.

Written here for the start-up time: aws-lambda-powertools does this and more, for another tenth of a bare
start and most of the zip's size.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TextIO

import msgspec

METRICS_NAMESPACE = "FraudPipeline"

Unit = Literal["Count", "Milliseconds"]


class Telemetry:
    """Logs and metrics of the function `service`, to `stream` or standard output; `flush` ends an invocation.

    Levels are filtered by Lambda, which reads `level` from the line.
    """

    def __init__(self, service: str, stream: TextIO | None = None) -> None:
        self._service = service
        self._stream = stream
        self._transaction_id: str | None = None
        self._metrics: dict[str, tuple[Unit, list[int]]] = {}

    def about(self, transaction_id: str | None) -> None:
        """Lines from here on, until `flush`, carry the id of this transaction."""
        self._transaction_id = transaction_id

    def info(self, message: str, **facts: object) -> None:
        """Logs what happened, with facts that are no personal data."""
        self._log("INFO", message, facts)

    def failure(self, message: str, error: BaseException) -> None:
        """Logs an unexpected error by its type, AWS error code and place; not by its text."""
        response = getattr(error, "response", None)
        code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
        self._log("ERROR", message, {"error": type(error).__name__, "code": code, "place": _place(error)})

    def count(self, name: str) -> None:
        """Adds one to a metric."""
        self._measure(name, "Count", 1)

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


def _place(error: BaseException) -> str | None:
    """The innermost line of our own that the error went through: 'dynamodb_store.py:51'."""
    place = None
    step = error.__traceback__
    while step:
        path = Path(step.tb_frame.f_code.co_filename)
        if "functions" in path.parts and "site-packages" not in path.parts:
            place = f"{path.name}:{step.tb_lineno}"
        step = step.tb_next
    return place
