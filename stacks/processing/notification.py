"""The notify function, which reads the suspicious queue."""

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
class NotificationArgs:
    """The queue to read, the table of profiles and the topic to publish to are the data layer's."""

    arns: Arns
    foundation: FoundationOutputs
    data: DataOutputs
    settings: ProcessingSettings


class Notification(pulumi.ComponentResource):
    """`function`, invoked with what the queue holds; a message that fails comes back alone."""

    def __init__(self, name: str, args: NotificationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:processing:Notification", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self.function = self._make_function(args)
        aws.lambda_.EventSourceMapping(
            "suspicious",
            event_source_arn=args.data.suspicious_queue_arn,
            function_name=self.function.arn,
            batch_size=BATCH_SIZE,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": args.settings.notify_concurrency},
            opts=self._child,
        )
        self.register_outputs({})

    def _make_function(self, args: NotificationArgs) -> Function:
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
                environment=pulumi.Output.all(
                    data.alerts_topic_arn, data.table_name, data.profiles_table_name
                ).apply(
                    lambda of: NotifyEnvironment(topic_arn=of[0], table_name=of[1], profiles_table_name=of[2])
                ),
                statements=[
                    *permissions.consume_messages(arns, data.suspicious_queue_arn, key),
                    *table_permissions.read_profile(
                        arns, data.profiles_table_arn, args.foundation.profiles_key_arn
                    ),
                    *table_permissions.record_alerts(arns, data.table_arn, key),
                    *permissions.publish(arns, data.alerts_topic_arn, key),
                ],
            ),
            self._child,
        )
