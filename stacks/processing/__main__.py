"""The layer processing: from the table's stream over bus and rule to `fraud`, from the queue to `notify`."""

from shared import contracts, projects
from shared.alarm_resources import Watch
from shared.arns import Arns
from shared.configuration import load
from shared.contracts import DataOutputs, FoundationOutputs, ProcessingOutputs
from shared.names import Names
from shared.tags import tag_resources
from stacks.processing.alarms import read_table
from stacks.processing.bus import TransactionBus, TransactionBusArgs
from stacks.processing.fraud import Detection, DetectionArgs
from stacks.processing.notification import Notification, NotificationArgs
from stacks.processing.pipe import TransactionPipe, TransactionPipeArgs
from stacks.processing.settings import ProcessingSettings

settings = load(ProcessingSettings)
foundation = contracts.load(FoundationOutputs)
data = contracts.load(DataOutputs)
tag_resources(projects.PROCESSING)
arns = Arns.of_caller(Names(settings.name_suffix))

bus = TransactionBus(
    "bus",
    TransactionBusArgs(
        arns=arns,
        key_arn=foundation.data_key_arn,
        failures_key_arn=foundation.failures_key_arn,
        deletion_protection=settings.deletion_protection,
    ),
)
detection = Detection(
    "detection", DetectionArgs(arns=arns, foundation=foundation, data=data, settings=settings, bus=bus)
)
pipe = TransactionPipe(
    "pipe",
    TransactionPipeArgs(
        arns=arns,
        key_arn=foundation.data_key_arn,
        failures_key_arn=foundation.failures_key_arn,
        boundary_arn=foundation.pipe_boundary_arn,
        stream_arn=data.table_stream_arn,
        bus=bus,
        deletion_protection=settings.deletion_protection,
        after=[detection],
    ),
)
notification = Notification(
    "notification", NotificationArgs(arns=arns, foundation=foundation, data=data, settings=settings)
)
Watch("watch", read_table(arns.names, settings), foundation.operations_topic_arn)

contracts.export(
    ProcessingOutputs(
        bus_name=bus.bus.name,
        bus_arn=bus.bus.arn,
        fraud_function_name=detection.function.name,
        notify_function_name=notification.function.name,
        pipe_failure_queue_url=pipe.failures.url,
        event_failure_queue_url=bus.failures.url,
        fraud_failure_queue_url=detection.failures.url,
        fraud_retry_queue_url=detection.retries.queue.url,
    ),
    reads=[foundation, data],
)
