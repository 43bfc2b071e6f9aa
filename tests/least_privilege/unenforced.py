"""The permissions that the embedded AWS does not enforce, each with the rule of AWS that needs them.

This is the only such list. A test fails if an entry covers no permission, if the embedded AWS enforces one,
or if the evaluator of tests/aws does not need one.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Unenforced:
    """Actions, as patterns separated by spaces. `cause`: why the embedded AWS does not enforce them."""

    actions: str
    cause: str
    rule: str
    link: str

    def covers(self, action: str) -> bool:
        return any(fnmatchcase(action, pattern) for pattern in self.actions.split())


UNENFORCED = (
    Unenforced(
        "kms:*",
        "It encrypts nothing, so its services do not call KMS.",
        "A service that stores encrypted data calls KMS with the permissions of its caller.",
        "https://docs.aws.amazon.com/kms/latest/developerguide/service-integration.html",
    ),
    Unenforced(
        "logs:*",
        "It writes logs itself.",
        "Lambda and API Gateway write logs with a role of the account.",
        "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
    ),
    Unenforced(
        "xray:*",
        "It stores no traces.",
        "Lambda sends the traces of a function with the role of the function.",
        "https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html",
    ),
    Unenforced(
        "ec2:*",
        "Its functions run as processes on this machine.",
        "Lambda creates the network interfaces of a function with the role of the function.",
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
    ),
    Unenforced(
        "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes",
        "It takes messages from a queue without a role.",
        "Lambda reads a queue with the role of the function that the queue invokes.",
        "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    ),
    Unenforced(
        "dynamodb:DescribeStream dynamodb:ListStreams",
        "It knows the shard of a stream.",
        "Lambda and EventBridge Pipes find the shards of a stream with the role of the function or pipe.",
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-dynamodb.html",
    ),
)


def find_entry(action: str) -> Unenforced | None:
    """The entry for an action; None if the embedded AWS enforces it."""
    return next((entry for entry in UNENFORCED if entry.covers(action)), None)
