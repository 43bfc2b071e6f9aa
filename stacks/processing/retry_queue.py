"""The queue that delivers failed events to the function `fraud` again until the function succeeds.

Lambda gives up on an asynchronous event after three attempts in three minutes, and an outage of a dependency
lasts longer. This queue delivers each event again every six minutes and moves it to the failure queue after
`retry_receives` attempts (ADR 20).
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.arns import Arns
from shared.function import Function
from shared.queues import EncryptedQueue, EncryptedQueueArgs, allow_dead_letters_from

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
    """`queue`. Its messages are Lambda's records of failed asynchronous invocations."""

    def __init__(self, name: str, args: RetryQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:processing:RetryQueue", name, None, opts)
        self._child_options = pulumi.ResourceOptions(parent=self)
        self.queue = EncryptedQueue(
            "fraud-retry",
            EncryptedQueueArgs(
                name=args.arns.names.retry_queue,
                key_arn=args.key_arn,
                protected=args.deletion_protection,
                dead_letter_arn=args.failures.arn,
                max_receives=args.max_receives,
            ),
            self._child_options,
        ).queue
        allow_dead_letters_from("fraud-failures", args.failures, self.queue, self._child_options)
        self.register_outputs({})

    def invoke_function(self, function: Function, maximum_concurrency: int) -> None:
        """Invoke the function with the messages. SQS delivers only the failed messages of a batch again."""
        aws.lambda_.EventSourceMapping(
            "fraud-retry",
            event_source_arn=self.queue.arn,
            function_name=function.arn,
            batch_size=BATCH_SIZE,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": maximum_concurrency},
            opts=self._child_options,
        )
