"""Counts what failed and was set aside: the messages in the queues that keep it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from terminal.aws_errors import told_to_users

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

COUNTS: "tuple[QueueAttributeNameType, ...]" = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def depths(client: "SQSClient", queue_urls: Mapping[str, str]) -> dict[str, int]:
    """How many messages each queue holds, whether or not somebody is looking at them; by the given names."""
    with told_to_users():
        return {name: _depth(client, url) for name, url in queue_urls.items()}


def _depth(client: "SQSClient", url: str) -> int:
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=COUNTS)["Attributes"]
    return sum(int(count) for name, count in attributes.items() if name in COUNTS)
