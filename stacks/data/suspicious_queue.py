"""The queue of suspicious transactions between the functions fraud and notify, with its dead-letter queue."""

from dataclasses import dataclass

import pulumi

from shared.names import Names
from shared.queues import EncryptedQueue, EncryptedQueueArgs, allow_dead_letters_from


@dataclass(frozen=True, kw_only=True)
class SuspiciousQueueArgs:
    """`key_arn` encrypts the queue, `failures_key_arn` its dead-letter queue.

    `max_receives`: how often SQS delivers a message before it moves it to the dead-letter queue.
    """

    names: Names
    key_arn: pulumi.Input[str]
    failures_key_arn: pulumi.Input[str]
    max_receives: int
    deletion_protection: bool


class SuspiciousQueue(pulumi.ComponentResource):
    """`queue`, and its dead-letter queue `dead_letters`."""

    def __init__(
        self, name: str, args: SuspiciousQueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:data:SuspiciousQueue", name, None, opts)
        child_options = pulumi.ResourceOptions(parent=self)
        self.dead_letters = EncryptedQueue(
            "suspicious-dlq",
            EncryptedQueueArgs(
                name=args.names.suspicious_dlq,
                key_arn=args.failures_key_arn,
                protected=args.deletion_protection,
            ),
            child_options,
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
            child_options,
        ).queue
        allow_dead_letters_from("suspicious-dlq", self.dead_letters, self.queue, child_options)
        self.register_outputs({})
