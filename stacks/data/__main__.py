"""The layer data: the transactions table, the suspicious queue with its dead letters, the alerts topic."""

from shared import contracts, projects
from shared.configuration import load
from shared.contracts import DataOutputs, FoundationOutputs
from shared.names import Names
from shared.tags import tag_resources
from stacks.data.alerts import AlertTopic, AlertTopicArgs
from stacks.data.settings import DataSettings
from stacks.data.suspicious import SuspiciousQueue, SuspiciousQueueArgs
from stacks.data.transactions import TransactionStore, TransactionStoreArgs

settings = load(DataSettings)
foundation = contracts.load(FoundationOutputs)
tag_resources(projects.DATA)
names = Names(settings.name_suffix)

store = TransactionStore(
    "transactions",
    TransactionStoreArgs(
        name=names.table,
        key_arn=foundation.data_key_arn,
        deletion_protection=settings.deletion_protection,
    ),
)
suspicious = SuspiciousQueue(
    "suspicious",
    SuspiciousQueueArgs(
        names=names,
        key_arn=foundation.data_key_arn,
        max_receives=settings.max_receives,
        deletion_protection=settings.deletion_protection,
    ),
)
alerts = AlertTopic(
    "alerts",
    AlertTopicArgs(
        name=names.topic,
        key_arn=foundation.data_key_arn,
        email_addresses=settings.alert_emails,
        deletion_protection=settings.deletion_protection,
    ),
)

contracts.export(
    DataOutputs(
        table_name=store.table.name,
        table_arn=store.table.arn,
        table_stream_arn=store.table.stream_arn,
        retention_days=settings.retention_days,
        suspicious_queue_name=suspicious.queue.name,
        suspicious_queue_arn=suspicious.queue.arn,
        suspicious_queue_url=suspicious.queue.url,
        suspicious_dlq_arn=suspicious.dead_letters.arn,
        suspicious_dlq_url=suspicious.dead_letters.url,
        alerts_topic_arn=alerts.topic.arn,
    ),
    reads=[foundation],
)
