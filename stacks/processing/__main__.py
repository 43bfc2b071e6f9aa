"""The layer processing: the table's stream to `fraud` and `merchants`, the suspicious queue to `notify`."""

from shared import contracts, projects
from shared.alarm_resources import LayerMonitoring
from shared.arns import Arns
from shared.configuration import load_settings
from shared.contracts import DataOutputs, FoundationOutputs, ProcessingOutputs
from shared.names import Names
from shared.tags import tag_resources
from stacks.processing.alarms import build_alarm_table
from stacks.processing.fraud_function import FraudFunction, FraudFunctionArgs
from stacks.processing.merchants_function import MerchantsFunction, MerchantsFunctionArgs
from stacks.processing.notify_function import NotifyFunction, NotifyFunctionArgs
from stacks.processing.settings import ProcessingSettings
from stacks.processing.transaction_bus import TransactionBus, TransactionBusArgs
from stacks.processing.transaction_pipe import TransactionPipe, TransactionPipeArgs

settings = load_settings(ProcessingSettings)
foundation = contracts.load_outputs(FoundationOutputs)
data = contracts.load_outputs(DataOutputs)
tag_resources(projects.PROCESSING)
arns = Arns.from_caller(Names(settings.name_suffix))

bus = TransactionBus(
    "bus",
    TransactionBusArgs(
        arns=arns,
        key_arn=foundation.data_key_arn,
        failures_key_arn=foundation.failures_key_arn,
        deletion_protection=settings.deletion_protection,
    ),
)
fraud = FraudFunction(
    "detection", FraudFunctionArgs(arns=arns, foundation=foundation, data=data, settings=settings, bus=bus)
)
pipe = TransactionPipe(
    "pipe",
    TransactionPipeArgs(
        arns=arns, foundation=foundation, data=data, settings=settings, bus=bus, after=[fraud]
    ),
)
merchants = MerchantsFunction(
    "merchants", MerchantsFunctionArgs(arns=arns, foundation=foundation, data=data, settings=settings)
)
notify = NotifyFunction(
    "notification", NotifyFunctionArgs(arns=arns, foundation=foundation, data=data, settings=settings)
)
LayerMonitoring("watch", build_alarm_table(arns.names, settings), foundation.operations_topic_arn)

contracts.export_outputs(
    ProcessingOutputs(
        bus_name=bus.bus.name,
        bus_arn=bus.bus.arn,
        fraud_function_name=fraud.function.name,
        merchants_function_name=merchants.function.name,
        notify_function_name=notify.function.name,
        pipe_failure_queue_url=pipe.failures.url,
        event_failure_queue_url=bus.failures.url,
        fraud_failure_queue_url=fraud.failures.url,
        fraud_retry_queue_url=fraud.retries.queue.url,
    ),
    inputs=[foundation, data],
)
