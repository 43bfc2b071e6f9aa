"""The rule that picks new transactions from the bus, and the fraud function that scores them."""

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
from shared.queues import EncryptedQueue, EncryptedQueueArgs
from stacks.processing.bus import TransactionBus
from stacks.processing.files import read_files
from stacks.processing.retries import RetryQueue, RetryQueueArgs
from stacks.processing.settings import ProcessingSettings

MAX_EVENT_AGE_SECONDS = 24 * 60 * 60
# Lambda keeps an asynchronous event for six hours at most.
MAX_INVOCATION_AGE_SECONDS = 6 * 60 * 60


@dataclass(frozen=True, kw_only=True)
class DetectionArgs:
    """What the function reads from, writes and sends to, and how often it is tried."""

    arns: Arns
    foundation: FoundationOutputs
    data: DataOutputs
    settings: ProcessingSettings
    bus: TransactionBus


class Detection(pulumi.ComponentResource):
    """Rule, target, `function`, `retries` for events that it failed on, `failures` for those it gave up."""

    def __init__(self, name: str, args: DetectionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:processing:Detection", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.failures = EncryptedQueue(
            "fraud-failures",
            EncryptedQueueArgs(
                name=args.arns.names.failure_queue("fraud"),
                key_arn=args.foundation.failures_key_arn,
                protected=args.settings.deletion_protection,
            ),
            self._child,
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
            self._child,
        )
        self.function = self._make_function()
        self.retries.feed(self.function, args.settings.retry_concurrency)
        invocations = self._bound_retries()
        self._invoke_on(self._make_rule(), invocations)
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
                environment=self._make_environment(),
                statements=self._statements(),
                extra_files=read_files(args.settings, Path(__file__).parent),
            ),
            self._child,
        )

    def _make_environment(self) -> pulumi.Output[FraudEnvironment]:
        data, window = self._args.data, self._args.settings.alert_window_seconds
        return pulumi.Output.all(
            data.suspicious_queue_url, data.table_name, data.profiles_table_name, self.failures.url
        ).apply(
            lambda of: FraudEnvironment(
                queue_url=of[0],
                table_name=of[1],
                profiles_table_name=of[2],
                failure_queue_url=of[3],
                alert_window_seconds=window,
            )
        )

    def _statements(self) -> list[Statement]:
        arns, data, foundation = self._args.arns, self._args.data, self._args.foundation
        failures_key = foundation.failures_key_arn
        return [
            *table_permissions.keep_profiles(arns, data.profiles_table_arn, foundation.profiles_key_arn),
            *table_permissions.record_decisions(arns, data.table_arn, foundation.data_key_arn),
            *permissions.send_messages(arns, [data.suspicious_queue_arn], foundation.data_key_arn),
            *permissions.keep_failures(arns, [self.retries.queue.arn, self.failures.arn], failures_key),
            *permissions.consume_messages(arns, self.retries.queue.arn, failures_key),
        ]

    def _bound_retries(self) -> aws.lambda_.FunctionEventInvokeConfig:
        return aws.lambda_.FunctionEventInvokeConfig(
            "fraud",
            function_name=self.function.name,
            maximum_retry_attempts=self._args.settings.fraud_retries,
            maximum_event_age_in_seconds=MAX_INVOCATION_AGE_SECONDS,
            destination_config={"on_failure": {"destination": self.retries.queue.arn}},
            opts=self._child,
        )

    def _make_rule(self) -> aws.cloudwatch.EventRule:
        return aws.cloudwatch.EventRule(
            "transaction-inserted",
            name=self._args.arns.names.rule,
            description="New transactions, to the fraud function",
            event_bus_name=self._args.bus.bus.name,
            event_pattern=json.dumps(inserted_pattern()),
            opts=self._child,
        )

    def _invoke_on(self, rule: aws.cloudwatch.EventRule, invocations: pulumi.Resource) -> None:
        permission = self.function.invocable_by("events", rule.arn)
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
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission, invocations]),
        )


def inserted_pattern() -> dict[str, object]:
    """The pattern of the events that the pipe announces."""
    return {"source": [SOURCE], "detail-type": [DETAIL_TYPE], "detail": {"event_name": [EVENT_NAME]}}
