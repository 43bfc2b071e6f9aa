"""The queue of events that the fraud function failed on, which feeds the function again until it succeeds.

Lambda gives up on an asynchronous event after three attempts in three minutes. An outage of what the function
calls takes longer: this queue delivers each event again every six minutes, and moves it to the failure queue
only after `retry_receives` attempts (ADR 20).
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.arns import Arns
from shared.function import Function
from shared.queues import EncryptedQueue, EncryptedQueueArgs, take_dead_letters_of

BATCH_SIZE = 10


@dataclass(frozen=True, kw_only=True)
class RetryQueueArgs:
    """`failures`: the queue for events that failed `max_receives` times."""

    arns: Arns
    key_arn: pulumi.Input[str]
    failures: aws.sqs.Queue
    max_receives: int
    deletion_protection: bool


class RetryQueue(pulumi.ComponentResource):
    """`queue`, whose messages are Lambda's records of failed asynchronous invocations."""

    def __init__(self, name: str, args: RetryQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:processing:RetryQueue", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self.queue = EncryptedQueue(
            "fraud-retry",
            EncryptedQueueArgs(
                name=args.arns.names.retry_queue,
                key_arn=args.key_arn,
                protected=args.deletion_protection,
                dead_letter_arn=args.failures.arn,
                max_receives=args.max_receives,
            ),
            self._child,
        ).queue
        take_dead_letters_of("fraud-failures", args.failures, self.queue, self._child)
        self.register_outputs({})

    def feed(self, function: Function, maximum_concurrency: int) -> None:
        """Invoke the function with the queue's messages; one that fails is delivered again alone."""
        aws.lambda_.EventSourceMapping(
            "fraud-retry",
            event_source_arn=self.queue.arn,
            function_name=function.arn,
            batch_size=BATCH_SIZE,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": maximum_concurrency},
            opts=self._child,
        )
