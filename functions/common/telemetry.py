"""What a function tells of its work: JSON log lines and metrics in the embedded metric format.

No line holds personal data: the transaction's id as `correlation_id`, never the account, the device, the IP address,
or the text of an unexpected exception, which may quote any of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

METRICS_NAMESPACE = "FraudPipeline"


class Telemetry:
    """Logs and metrics of one function, `service`; metrics are written by `flush`, at the end of each invocation."""

    def __init__(self, service: str, stream: TextIO | None = None) -> None:
        self.logger = Logger(service=service, stream=stream)
        self._metrics = AmazonCloudWatchEMFProvider(namespace=METRICS_NAMESPACE, service=service)

    @contextmanager
    def about(self, transaction_id: str) -> Iterator[None]:
        """Lines logged within carry the id of this transaction."""
        with self.logger.append_context_keys(correlation_id=transaction_id):
            yield

    def count(self, name: str) -> None:
        """Adds one to a metric."""
        self._metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)

    def duration(self, name: str, milliseconds: int) -> None:
        """Adds a value to a metric of durations."""
        self._metrics.add_metric(name=name, unit=MetricUnit.Milliseconds, value=max(milliseconds, 0))

    def failure(self, message: str, error: BaseException) -> None:
        """Logs an unexpected error by its type, AWS error code and place; not by its text."""
        code = getattr(error, "response", {}).get("Error", {}).get("Code")
        self.logger.error(
            message, extra={"error": type(error).__name__, "code": code, "place": _place(error)}
        )

    def flush(self) -> None:
        """Writes the metrics collected since the last time, if there are any."""
        if self._metrics.metric_set:
            self._metrics.flush_metrics()


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
