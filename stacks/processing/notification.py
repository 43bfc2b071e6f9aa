"""The notify function, which reads the suspicious queue."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from functions.notify.environment import NotifyEnvironment
from shared import permissions
from shared.arns import Arns
from shared.contracts import DataOutputs, FoundationOutputs
from shared.function import Function, FunctionArgs
from stacks.processing.settings import ProcessingSettings

BATCH_SIZE = 10


@dataclass(frozen=True, kw_only=True)
class NotificationArgs:
    """The queue to read and the topic to publish to are the data layer's."""

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
        data, key = args.data, args.foundation.data_key_arn
        return Function(
            "notify",
            FunctionArgs(
                function="notify",
                description="Publishes an alert for each suspicious transaction",
                arns=args.arns,
                foundation=args.foundation,
                boundary_arn=args.foundation.notify_boundary_arn,
                settings=args.settings.notify,
                architecture=args.settings.architecture,
                environment=pulumi.Output.from_input(data.alerts_topic_arn).apply(
                    lambda arn: NotifyEnvironment(topic_arn=arn)
                ),
                statements=[
                    *permissions.consume_messages(args.arns, data.suspicious_queue_arn, key),
                    *permissions.publish(args.arns, data.alerts_topic_arn, key),
                ],
            ),
            self._child,
        )
