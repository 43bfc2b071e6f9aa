"""The event bus for new transactions, and the queue for events that it cannot deliver."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.arns import Arns
from shared.queues import EncryptedQueue, EncryptedQueueArgs, allow_service_to_send


@dataclass(frozen=True, kw_only=True)
class TransactionBusArgs:
    """`key_arn`: the key for events. `failures_key_arn`: the key for the queue of undelivered events."""

    arns: Arns
    key_arn: pulumi.Input[str]
    failures_key_arn: pulumi.Input[str]
    deletion_protection: bool


class TransactionBus(pulumi.ComponentResource):
    """`bus`, and `failures` for events that the bus cannot encrypt or its rule cannot deliver."""

    def __init__(
        self, name: str, args: TransactionBusArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:processing:TransactionBus", name, None, opts)
        arns = args.arns
        sender = allow_service_to_send("events", arns, arns.failure_queue("events"), [arns.bus, arns.rule])
        self.failures = EncryptedQueue(
            "events-failures",
            EncryptedQueueArgs(
                name=arns.names.failure_queue("events"),
                key_arn=args.failures_key_arn,
                protected=args.deletion_protection,
                senders=[sender],
            ),
            pulumi.ResourceOptions(parent=self),
        ).queue
        self.bus = aws.cloudwatch.EventBus(
            "transactions",
            name=arns.names.bus,
            description="New transactions, announced once they are stored",
            kms_key_identifier=args.key_arn,
            dead_letter_config={"arn": self.failures.arn},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
