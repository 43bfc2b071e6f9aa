"""SQS queues for every layer: encrypted with a customer-managed key, TLS only.

A message keeps its first enqueue time when it moves to another queue. A source queue therefore keeps messages
for fewer days than its dead-letter queue: what moves late still waits there for days.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.arns import Arns
from shared.iam import Statement, resource_policy
from shared.protection import child_of

SOURCE_RETENTION_SECONDS = 4 * 24 * 60 * 60
FAILURE_RETENTION_SECONDS = 14 * 24 * 60 * 60
# C10. Lambda requires six times the timeout of a function that reads a queue, so that one takes 60 s at most.
VISIBILITY_TIMEOUT_SECONDS = 360


@dataclass(frozen=True, kw_only=True)
class EncryptedQueueArgs:
    """A source queue has a `dead_letter_arn`; a dead-letter or failure queue has none.

    `senders` are statements that let a service send, for one source. `protected`: the queue may hold messages
    that must not be lost, and is not deleted with the stack.
    """

    name: str
    key_arn: pulumi.Input[str]
    protected: bool
    dead_letter_arn: pulumi.Input[str] | None = None
    max_receives: int = 5
    senders: Sequence[Statement] = ()


class EncryptedQueue(pulumi.ComponentResource):
    """`queue`, and its policy that refuses whatever does not come by TLS."""

    def __init__(
        self, name: str, args: EncryptedQueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:shared:EncryptedQueue", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.queue = aws.sqs.Queue(
            name,
            name=args.name,
            kms_master_key_id=args.key_arn,
            message_retention_seconds=_retention_seconds(args),
            visibility_timeout_seconds=VISIBILITY_TIMEOUT_SECONDS,
            redrive_policy=_redrive(args),
            opts=child_of(self, protected=args.protected),
        )
        aws.sqs.QueuePolicy(
            name,
            queue_url=self.queue.url,
            policy=resource_policy([_tls_only(self.queue.arn), *args.senders]),
            opts=child,
        )
        self.register_outputs({})


def take_dead_letters_of(
    name: str, dead_letters: aws.sqs.Queue, source: aws.sqs.Queue, opts: pulumi.ResourceOptions
) -> None:
    """Let `dead_letters` be named as the dead-letter queue of `source` alone."""
    aws.sqs.RedriveAllowPolicy(
        name,
        queue_url=dead_letters.url,
        redrive_allow_policy=pulumi.Output.json_dumps(
            {"redrivePermission": "byQueue", "sourceQueueArns": [source.arn]}
        ),
        opts=opts,
    )


def service_may_send(service: str, arns: Arns, queue_arn: str, sources: Sequence[str]) -> Statement:
    """Let an AWS service send to a queue on behalf of resources of this account."""
    return Statement(
        sid="KeepWhatFailed",
        actions=["sqs:SendMessage"],
        resources=[queue_arn],
        principal={"Service": f"{service}.amazonaws.com"},
        conditions={
            "StringEquals": {"aws:SourceAccount": arns.account_id},
            "ArnEquals": {"aws:SourceArn": list(sources)},
        },
    )


def _retention_seconds(args: EncryptedQueueArgs) -> int:
    return FAILURE_RETENTION_SECONDS if args.dead_letter_arn is None else SOURCE_RETENTION_SECONDS


def _redrive(args: EncryptedQueueArgs) -> pulumi.Output[str] | None:
    if args.dead_letter_arn is None:
        return None
    return pulumi.Output.json_dumps(
        {"deadLetterTargetArn": args.dead_letter_arn, "maxReceiveCount": args.max_receives}
    )


def _tls_only(queue_arn: pulumi.Input[str]) -> Statement:
    # A denial of everything gives no permission; listing actions would let new ones through.
    return Statement(
        sid="RefusePlainText",
        effect="Deny",
        actions=["sqs:*"],
        resources=[queue_arn],
        principal={"AWS": "*"},
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )
