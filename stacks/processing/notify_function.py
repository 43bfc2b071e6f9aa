"""The function `notify`, which reads the suspicious queue and publishes alerts."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from functions.notify.environment import NotifyEnvironment
from shared import permissions, table_permissions
from shared.arns import Arns
from shared.contracts import DataOutputs, FoundationOutputs
from shared.function import Function, FunctionArgs
from stacks.processing.settings import ProcessingSettings

BATCH_SIZE = 10


@dataclass(frozen=True, kw_only=True)
class NotifyFunctionArgs:
    """`data`: the suspicious queue, the tables and the alert topic."""

    arns: Arns
    foundation: FoundationOutputs
    data: DataOutputs
    settings: ProcessingSettings


class NotifyFunction(pulumi.ComponentResource):
    """`function`, invoked with batches of messages. SQS delivers the failed messages of a batch again."""

    def __init__(
        self, name: str, args: NotifyFunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:processing:Notification", name, None, opts)
        self._child_options = pulumi.ResourceOptions(parent=self)
        self.function = self._make_function(args)
        aws.lambda_.EventSourceMapping(
            "suspicious",
            event_source_arn=args.data.suspicious_queue_arn,
            function_name=self.function.arn,
            batch_size=BATCH_SIZE,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": args.settings.notify_concurrency},
            opts=self._child_options,
        )
        self.register_outputs({})

    def _make_function(self, args: NotifyFunctionArgs) -> Function:
        arns, data, key = args.arns, args.data, args.foundation.data_key_arn
        return Function(
            "notify",
            FunctionArgs(
                function="notify",
                description="Publishes an alert for each suspicious transaction",
                arns=arns,
                foundation=args.foundation,
                boundary_arn=args.foundation.notify_boundary_arn,
                settings=args.settings.notify,
                architecture=args.settings.architecture,
                code_signing=args.settings.code_signing,
                environment=pulumi.Output.all(
                    data.alerts_topic_arn, data.transactions_table_name, data.profiles_table_name
                ).apply(
                    lambda values: NotifyEnvironment(
                        topic_arn=values[0], table_name=values[1], profiles_table_name=values[2]
                    )
                ),
                statements=[
                    *permissions.consume_messages(arns, data.suspicious_queue_arn, key),
                    *table_permissions.read_profile(
                        arns, data.profiles_table_arn, args.foundation.profiles_key_arn
                    ),
                    *table_permissions.record_alerts(arns, data.transactions_table_arn, key),
                    *permissions.publish_messages(arns, data.alerts_topic_arn, key),
                ],
            ),
            self._child_options,
        )
