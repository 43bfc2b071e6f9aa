"""What a function tells of its work: JSON log lines and metrics in the embedded metric format.

No line holds personal data: the transaction's id as `correlation_id`, never the account, the device, the IP
address, or the text of an unexpected exception, which may quote any of them.
"""

from pathlib import Path
from typing import TextIO

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

METRICS_NAMESPACE = "FraudPipeline"


class Telemetry:
    """Logs and metrics of the function `service`; `flush` writes the metrics, once per invocation."""

    def __init__(self, service: str, stream: TextIO | None = None) -> None:
        self.logger = Logger(service=service, stream=stream)
        self._metrics = AmazonCloudWatchEMFProvider(namespace=METRICS_NAMESPACE, service=service)

    def about(self, transaction_id: str | None) -> None:
        """Lines logged from here on, until `flush`, carry the id of this transaction."""
        self.logger.append_keys(correlation_id=transaction_id)

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
        """Ends an invocation: writes the metrics that were collected, if there are any."""
        self.about(None)
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
