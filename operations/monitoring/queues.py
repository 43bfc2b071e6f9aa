"""The failure queues of a deployed pipeline, and the retry queue that AWS empties by itself."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from operations.deployed import Deployed
from operations.monitoring.dead_letters import depths
from shared.contracts import DataOutputs, ProcessingOutputs, text
from terminal.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

PIPE = "pipe-failures"
EVENTS = "events-failures"
FRAUD = "fraud-failures"
ALERTS = "suspicious-dlq"
RETRY = "fraud-retry"

# In the order in which a transaction passes them.
FAILURE_QUEUES = (PIPE, EVENTS, FRAUD, ALERTS)


@dataclass(frozen=True)
class Queue:
    """A queue by its short name, such as `fraud-failures`, and its URL."""

    name: str
    url: str


def failure_queues(deployed: Deployed) -> list[Queue]:
    """Every failure queue of the pipeline, in the order of FAILURE_QUEUES."""
    processing = deployed.outputs(ProcessingOutputs)
    urls = (
        processing.pipe_failure_queue_url,
        processing.event_failure_queue_url,
        processing.fraud_failure_queue_url,
        deployed.outputs(DataOutputs).suspicious_dlq_url,
    )
    return [
        Queue(name, deployed.queue_url(text(url))) for name, url in zip(FAILURE_QUEUES, urls, strict=True)
    ]


def retry_queue(deployed: Deployed) -> Queue:
    """The queue that feeds the fraud function again. Receiving from it counts as one of its attempts."""
    return Queue(RETRY, deployed.queue_url(text(deployed.outputs(ProcessingOutputs).fraud_retry_queue_url)))


def select(queues: list[Queue], name: str) -> list[Queue]:
    """The queue with that short name or name in AWS; all if the name is empty. Raises UserError."""
    if not name:
        return queues
    if selected := [queue for queue in queues if name in (queue.name, queue.url.rpartition("/")[2])]:
        return selected
    if name == RETRY:
        raise UserError(
            f"--queue: AWS delivers the messages of '{RETRY}' again by itself, every six minutes.",
            "Repair the cause. What fails for a day moves to fraud-failures.",
        )
    raise UserError(
        f"--queue: there is no failure queue '{name}'.", f"Use one of: {', '.join(FAILURE_QUEUES)}."
    )


def depth(sqs: "SQSClient", queue: Queue) -> int:
    """The approximate number of messages, those that a reader holds included. Raises UserError."""
    return depths(sqs, {queue.name: queue.url})[queue.name]
