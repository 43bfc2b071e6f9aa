"""The failure queues and the retry queue of a deployed pipeline, and their message counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from operations.deployed import DeployedPipeline
from shared.contracts import DataOutputs, ProcessingOutputs, require_string
from terminal.aws_errors import translate_aws_errors
from terminal.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

PIPE: Final = "pipe-failures"
EVENTS: Final = "events-failures"
FRAUD: Final = "fraud-failures"
ALERTS: Final = "suspicious-dlq"
RETRY: Final = "fraud-retry"

# In the order in which a transaction passes them.
FAILURE_QUEUES = (PIPE, EVENTS, FRAUD, ALERTS)

_COUNTS: "tuple[QueueAttributeNameType, ...]" = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True)
class Queue:
    """A queue by its short name, such as `fraud-failures`, and its URL."""

    name: str
    url: str


def find_failure_queues(deployed: DeployedPipeline) -> list[Queue]:
    """Return every failure queue of the pipeline, in the order of FAILURE_QUEUES."""
    processing = deployed.outputs(ProcessingOutputs)
    urls = (
        processing.pipe_failure_queue_url,
        processing.event_failure_queue_url,
        processing.fraud_failure_queue_url,
        deployed.outputs(DataOutputs).suspicious_dlq_url,
    )
    return [
        Queue(name, deployed.queue_url(require_string(url)))
        for name, url in zip(FAILURE_QUEUES, urls, strict=True)
    ]


def find_retry_queue(deployed: DeployedPipeline) -> Queue:
    """Return the queue that feeds the fraud function again.

    Receiving a message from it counts as one of the function's attempts.
    """
    return Queue(
        RETRY, deployed.queue_url(require_string(deployed.outputs(ProcessingOutputs).fraud_retry_queue_url))
    )


def select_queues(queues: list[Queue], name: str) -> list[Queue]:
    """Return the queue with the short name or AWS name `name`; all queues without one. Raises UserError."""
    if not name:
        return queues
    if selected := [queue for queue in queues if name in (queue.name, queue.url.rpartition("/")[2])]:
        return selected
    if name == RETRY:
        raise UserError(
            f"--queue: AWS retries the messages of '{RETRY}' every six minutes.",
            f"Repair the cause. A message that fails for a day moves to '{FRAUD}'.",
        )
    raise UserError(f"--queue: '{name}' is not a failure queue.", f"Use one of: {', '.join(FAILURE_QUEUES)}.")


def count_queue_messages(sqs: "SQSClient", queue: Queue) -> int:
    """Return the approximate number of messages, including hidden ones. Raises UserError."""
    return count_messages(sqs, {queue.name: queue.url})[queue.name]


def count_messages(sqs: "SQSClient", queue_urls: Mapping[str, str]) -> dict[str, int]:
    """Return the approximate number of messages by queue name, including hidden ones. Raises UserError."""
    with translate_aws_errors():
        return {name: _count(sqs, url) for name, url in queue_urls.items()}


def _count(sqs: "SQSClient", url: str) -> int:
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=_COUNTS)["Attributes"]
    return sum(int(count) for name, count in attributes.items() if name in _COUNTS)
