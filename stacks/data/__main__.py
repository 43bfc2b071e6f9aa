"""The layer data: the tables `transactions` and `profiles`, the suspicious queue, the alerts topic."""

from shared import contracts, projects
from shared.alarm_resources import Watch
from shared.configuration import load
from shared.contracts import DataOutputs, FoundationOutputs
from shared.names import Names
from shared.tags import tag_resources
from stacks.data.alarms import read_table
from stacks.data.alerts import AlertTopic, AlertTopicArgs
from stacks.data.settings import DataSettings
from stacks.data.suspicious import SuspiciousQueue, SuspiciousQueueArgs
from stacks.data.tables import ProfilesTable, TableArgs, TransactionsTable

settings = load(DataSettings)
foundation = contracts.load(FoundationOutputs)
tag_resources(projects.DATA)
names = Names(settings.name_suffix)
protected = settings.deletion_protection

transactions = TransactionsTable(
    "transactions",
    TableArgs(name=names.table, key_arn=foundation.data_key_arn, settings=settings),
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
        deletion_protection=protected,
    ),
)
alerts = AlertTopic(
    "alerts", AlertTopicArgs(name=names.topic, key_arn=foundation.data_key_arn, settings=settings)
)
Watch("watch", read_table(names, settings), foundation.operations_topic_arn)

contracts.export(
    DataOutputs(
        table_name=transactions.table.name,
        table_arn=transactions.table.arn,
        table_stream_arn=transactions.table.stream_arn,
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
    reads=[foundation],
)
