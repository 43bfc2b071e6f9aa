"""The layer data: the tables `transactions` and `profiles`, the suspicious queue, the alert topic."""

from shared import contracts, projects
from shared.alarm_resources import LayerMonitoring
from shared.configuration import load_settings
from shared.contracts import DataOutputs, FoundationOutputs
from shared.names import Names
from shared.tags import tag_resources
from stacks.data.alarms import build_alarm_table
from stacks.data.alerting import AlertTopic, AlertTopicArgs, SuspiciousQueue, SuspiciousQueueArgs
from stacks.data.settings import DataSettings
from stacks.data.tables import ProfilesTable, TableArgs, TransactionsTable

settings = load_settings(DataSettings)
foundation = contracts.load_outputs(FoundationOutputs)
tag_resources(projects.DATA)
names = Names(settings.name_suffix)

transactions = TransactionsTable(
    "transactions",
    TableArgs(name=names.transactions_table, key_arn=foundation.data_key_arn, settings=settings),
)
profiles = ProfilesTable(
    "profiles",
    TableArgs(name=names.profiles_table, key_arn=foundation.profiles_key_arn, settings=settings),
)
suspicious = SuspiciousQueue(
    "suspicious",
    SuspiciousQueueArgs(
        names=names,
        key_arn=foundation.data_key_arn,
        failures_key_arn=foundation.failures_key_arn,
        max_receives=settings.max_receives,
        deletion_protection=settings.deletion_protection,
    ),
)
alerts = AlertTopic(
    "alerts", AlertTopicArgs(name=names.alerts_topic, key_arn=foundation.data_key_arn, settings=settings)
)
LayerMonitoring("watch", build_alarm_table(names, settings), foundation.operations_topic_arn)

contracts.export_outputs(
    DataOutputs(
        transactions_table_name=transactions.table.name,
        transactions_table_arn=transactions.table.arn,
        transactions_stream_arn=transactions.table.stream_arn,
        retention_days=settings.retention_days,
        profiles_table_name=profiles.table.name,
        profiles_table_arn=profiles.table.arn,
        suspicious_queue_name=suspicious.queue.name,
        suspicious_queue_arn=suspicious.queue.arn,
        suspicious_queue_url=suspicious.queue.url,
        suspicious_dlq_arn=suspicious.dead_letters.arn,
        suspicious_dlq_url=suspicious.dead_letters.url,
        alerts_topic_arn=alerts.topic.arn,
    ),
    inputs=[foundation],
)
