"""The function `fraud`, which decides on transactions, with its rule, retry queue and failure queue."""

import json
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from functions.common.domain.transaction_event import DETAIL_TYPE, EVENT_NAME, SOURCE
from functions.fraud.environment import FraudEnvironment
from shared import permissions, table_permissions
from shared.arns import Arns
from shared.contracts import DataOutputs, FoundationOutputs
from shared.function import Function, FunctionArgs
from shared.iam import Statement
from shared.queues import EncryptedQueue, EncryptedQueueArgs, allow_dead_letters_from
from stacks.processing.files import read_files
from stacks.processing.settings import ProcessingSettings
from stacks.processing.transaction_bus import TransactionBus

# Transactions of a busy account are decided in one write, so a batch waits for more of them.
RETRY_BATCH_SIZE = 100
RETRY_WINDOW_SECONDS = 1
MAX_EVENT_AGE_SECONDS = 24 * 60 * 60
# The maximum that Lambda supports for asynchronous events.
MAX_INVOCATION_AGE_SECONDS = 6 * 60 * 60


@dataclass(frozen=True, kw_only=True)
class RetryQueueArgs:
    """`failures`: the queue for events that failed `max_receives` times."""

    arns: Arns
    key_arn: pulumi.Input[str]
    failures: aws.sqs.Queue
    max_receives: int
    deletion_protection: bool


class RetryQueue(pulumi.ComponentResource):
    """`queue`, which delivers failed events to the function again until the function succeeds.

    The function itself sends events of an account that is busy.

    Lambda gives up on an asynchronous event after three attempts in three minutes, and an outage of a
    dependency lasts longer. This queue delivers each event again every six minutes and moves it to the
    failure queue after `max_receives` attempts (ADR 20). Its messages are Lambda's records of failed
    asynchronous invocations.
    """

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
            batch_size=RETRY_BATCH_SIZE,
            maximum_batching_window_in_seconds=RETRY_WINDOW_SECONDS,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": maximum_concurrency},
            opts=self._child_options,
        )


@dataclass(frozen=True, kw_only=True)
class FraudFunctionArgs:
    """`bus`: the source of events. `data`: the tables and the suspicious queue."""

    arns: Arns
    foundation: FoundationOutputs
    data: DataOutputs
    settings: ProcessingSettings
    bus: TransactionBus


class FraudFunction(pulumi.ComponentResource):
    """`function`, its rule and target, `retries` for failed events, `failures` for events given up."""

    def __init__(
        self, name: str, args: FraudFunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:processing:Detection", name, None, opts)
        self._args = args
        self._child_options = pulumi.ResourceOptions(parent=self)
        self.failures = EncryptedQueue(
            "fraud-failures",
            EncryptedQueueArgs(
                name=args.arns.names.failure_queue("fraud"),
                key_arn=args.foundation.failures_key_arn,
                protected=args.settings.deletion_protection,
            ),
            self._child_options,
        ).queue
        self.retries = RetryQueue(
            "retries",
            RetryQueueArgs(
                arns=args.arns,
                key_arn=args.foundation.failures_key_arn,
                failures=self.failures,
                max_receives=args.settings.retry_receives,
                deletion_protection=args.settings.deletion_protection,
            ),
            self._child_options,
        )
        self.function = self._make_function()
        self.retries.invoke_function(self.function, args.settings.retry_concurrency)
        invoke_config = self._configure_retries()
        self._make_target(self._make_rule(), invoke_config)
        self.register_outputs({})

    def _make_function(self) -> Function:
        args = self._args
        return Function(
            "fraud",
            FunctionArgs(
                function="fraud",
                description="Decides on a transaction and sends suspicious ones to the queue",
                arns=args.arns,
                foundation=args.foundation,
                boundary_arn=args.foundation.fraud_boundary_arn,
                settings=args.settings.fraud,
                architecture=args.settings.architecture,
                code_signing=args.settings.code_signing,
                environment=self._make_environment(),
                statements=self._make_statements(),
                extra_files=read_files(args.settings, Path(__file__).parent),
            ),
            self._child_options,
        )

    def _make_environment(self) -> pulumi.Output[FraudEnvironment]:
        data, window = self._args.data, self._args.settings.alert_window_seconds
        return pulumi.Output.all(
            data.suspicious_queue_url,
            data.transactions_table_name,
            data.profiles_table_name,
            self.retries.queue.url,
            self.failures.url,
            data.retention_days,
        ).apply(
            lambda values: FraudEnvironment(
                queue_url=values[0],
                table_name=values[1],
                profiles_table_name=values[2],
                retry_queue_url=values[3],
                failure_queue_url=values[4],
                alert_window_seconds=window,
                retention_days=int(values[5]),
            )
        )

    def _make_statements(self) -> list[Statement]:
        arns, data, foundation = self._args.arns, self._args.data, self._args.foundation
        failures_key = foundation.failures_key_arn
        return [
            *table_permissions.update_profiles(arns, data.profiles_table_arn, foundation.profiles_key_arn),
            *table_permissions.use_origins(data.profiles_table_arn),
            *table_permissions.record_decisions(arns, data.transactions_table_arn, foundation.data_key_arn),
            *permissions.send_messages(arns, [data.suspicious_queue_arn], foundation.data_key_arn),
            *permissions.send_failures(arns, [self.retries.queue.arn, self.failures.arn], failures_key),
            permissions.consume_plain_messages(self.retries.queue.arn),
        ]

    def _configure_retries(self) -> aws.lambda_.FunctionEventInvokeConfig:
        return aws.lambda_.FunctionEventInvokeConfig(
            "fraud",
            function_name=self.function.name,
            maximum_retry_attempts=self._args.settings.fraud_retries,
            maximum_event_age_in_seconds=MAX_INVOCATION_AGE_SECONDS,
            destination_config={"on_failure": {"destination": self.retries.queue.arn}},
            opts=self._child_options,
        )

    def _make_rule(self) -> aws.cloudwatch.EventRule:
        return aws.cloudwatch.EventRule(
            "transaction-inserted",
            name=self._args.arns.names.rule,
            description="New transactions, to the fraud function",
            event_bus_name=self._args.bus.bus.name,
            event_pattern=json.dumps(inserted_pattern()),
            opts=self._child_options,
        )

    def _make_target(self, rule: aws.cloudwatch.EventRule, invoke_config: pulumi.Resource) -> None:
        permission = self.function.allow_invocation("events", rule.arn)
        aws.cloudwatch.EventTarget(
            "fraud",
            rule=rule.name,
            event_bus_name=self._args.bus.bus.name,
            target_id="fraud",
            arn=self.function.arn,
            retry_policy={
                "maximum_retry_attempts": self._args.settings.event_retries,
                "maximum_event_age_in_seconds": MAX_EVENT_AGE_SECONDS,
            },
            dead_letter_config={"arn": self._args.bus.failures.arn},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission, invoke_config]),
        )


def inserted_pattern() -> dict[str, object]:
    """The pattern of the events that the pipe sends."""
    return {"source": [SOURCE], "detail-type": [DETAIL_TYPE], "detail": {"event_name": [EVENT_NAME]}}
