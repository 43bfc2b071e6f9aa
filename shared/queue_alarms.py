"""The alarms of queues: depth of a failure queue, and age of the oldest message in a source queue."""

from shared.alarms import Alarm, Metric, Severity
from shared.names import Names


def failure_queue_alarm(layer: str, queue: str, physical_queue: str, names: Names, runbook: str) -> Alarm:
    """In state ALARM while the failure queue holds a message."""
    name = f"{queue}-depth"
    return Alarm(
        name=name,
        physical_name=names.alarm(layer, name),
        metrics=(_queue_metric(physical_queue, "ApproximateNumberOfMessagesVisible"),),
        threshold=1,
        period_seconds=60,
        severity="page",
        runbook=runbook,
        # SQS sends no data for a queue that was empty and unused for 6 hours.
        missing_data="notBreaching",
        summary=f"Queue {physical_queue} holds messages that failed for good.",
    )


def age_alarm(
    layer: str,
    queue: str,
    physical_queue: str,
    names: Names,
    *,
    limit_seconds: int,
    severity: Severity,
    runbook: str,
) -> Alarm:
    """In state ALARM while the oldest message of the queue is older than the limit."""
    name = f"{queue}-age"
    return Alarm(
        name=name,
        physical_name=names.alarm(layer, name),
        metrics=(_queue_metric(physical_queue, "ApproximateAgeOfOldestMessage"),),
        threshold=limit_seconds,
        comparison="GreaterThanThreshold",
        period_seconds=60,
        evaluation_periods=5,
        severity=severity,
        runbook=runbook,
        summary=f"The oldest message of queue {physical_queue} is older than {limit_seconds} s.",
    )


def _queue_metric(physical_queue: str, name: str) -> Metric:
    return Metric(
        namespace="AWS/SQS", name=name, dimensions={"QueueName": physical_queue}, statistic="Maximum"
    )
