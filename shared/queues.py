"""SQS queues: encrypted with a customer-managed key, TLS only.

A message keeps its enqueue time when it moves to another queue. A source queue therefore retains messages for
fewer days than its dead-letter queue, so that a message that moves late remains there for days.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.arns import Arns
from shared.iam import Statement, require_tls, resource_policy
from shared.protection import make_child_options

SOURCE_RETENTION_SECONDS = 4 * 24 * 60 * 60
FAILURE_RETENTION_SECONDS = 14 * 24 * 60 * 60
# Lambda requires six times the timeout of the function that reads the queue, so that timeout is at most 60 s.
VISIBILITY_TIMEOUT_SECONDS = 360


@dataclass(frozen=True, kw_only=True)
class EncryptedQueueArgs:
    """`dead_letter_arn`: only for a source queue, not for a dead-letter or failure queue.

    `senders`: statements that allow a service to send messages. `protected`: the queue may hold messages that
    must not be lost, and is not deleted with the stack.
    """

    name: str
    key_arn: pulumi.Input[str]
    protected: bool
    dead_letter_arn: pulumi.Input[str] | None = None
    max_receives: int = 5
    senders: Sequence[Statement] = ()


class EncryptedQueue(pulumi.ComponentResource):
    """`queue`, with a policy that denies requests without TLS."""

    def __init__(
        self, name: str, args: EncryptedQueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:shared:EncryptedQueue", name, None, opts)
        child_options = pulumi.ResourceOptions(parent=self)
        self.queue = aws.sqs.Queue(
            name,
            name=args.name,
            kms_master_key_id=args.key_arn,
            message_retention_seconds=(
                FAILURE_RETENTION_SECONDS if args.dead_letter_arn is None else SOURCE_RETENTION_SECONDS
            ),
            visibility_timeout_seconds=VISIBILITY_TIMEOUT_SECONDS,
            redrive_policy=_redrive_policy(args),
            opts=make_child_options(self, protected=args.protected),
        )
        aws.sqs.QueuePolicy(
            name,
            queue_url=self.queue.url,
            # A list of actions would not deny actions that AWS adds later.
            policy=resource_policy([require_tls(["sqs:*"], self.queue.arn), *args.senders]),
            opts=child_options,
        )
        self.register_outputs({})


def allow_dead_letters_from(
    name: str, dead_letters: aws.sqs.Queue, source: aws.sqs.Queue, opts: pulumi.ResourceOptions
) -> None:
    """Allow only `source` to use `dead_letters` as its dead-letter queue."""
    aws.sqs.RedriveAllowPolicy(
        name,
        queue_url=dead_letters.url,
        redrive_allow_policy=pulumi.Output.json_dumps(
            {"redrivePermission": "byQueue", "sourceQueueArns": [source.arn]}
        ),
        opts=opts,
    )


def allow_service_to_send(service: str, arns: Arns, queue_arn: str, sources: Sequence[str]) -> Statement:
    """Allow an AWS service to send to a queue on behalf of resources of this account."""
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


def _redrive_policy(args: EncryptedQueueArgs) -> pulumi.Output[str] | None:
    if args.dead_letter_arn is None:
        return None
    return pulumi.Output.json_dumps(
        {"deadLetterTargetArn": args.dead_letter_arn, "maxReceiveCount": args.max_receives}
    )
