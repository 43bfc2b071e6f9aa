"""The queue between scoring and telling people, and its dead letters."""

from dataclasses import dataclass

import pulumi

from shared.names import Names
from shared.queues import EncryptedQueue, EncryptedQueueArgs, take_dead_letters_of


@dataclass(frozen=True, kw_only=True)
class SuspiciousQueueArgs:
    """`key_arn` encrypts the queue, `failures_key_arn` its dead-letter queue.

    `max_receives`: how often a message is tried before it becomes a dead letter.
    """

    names: Names
    key_arn: pulumi.Input[str]
    failures_key_arn: pulumi.Input[str]
    max_receives: int
    deletion_protection: bool


class SuspiciousQueue(pulumi.ComponentResource):
    """`queue`, and `dead_letters`, which takes the messages of that queue alone."""

    def __init__(
        self, name: str, args: SuspiciousQueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:data:SuspiciousQueue", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.dead_letters = EncryptedQueue(
            "suspicious-dlq",
            EncryptedQueueArgs(
                name=args.names.suspicious_dlq,
                key_arn=args.failures_key_arn,
                protected=args.deletion_protection,
            ),
            child,
        ).queue
        self.queue = EncryptedQueue(
            "suspicious",
            EncryptedQueueArgs(
                name=args.names.suspicious_queue,
                key_arn=args.key_arn,
                protected=args.deletion_protection,
                dead_letter_arn=self.dead_letters.arn,
                max_receives=args.max_receives,
            ),
            child,
        ).queue
        take_dead_letters_of("suspicious-dlq", self.dead_letters, self.queue, child)
        self.register_outputs({})
