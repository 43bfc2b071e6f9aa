"""Access to everything that may hold data of an account, in one deployed environment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.common.runtime.clock import Clock, now_ms
from operations.deployed import DeployedPipeline
from operations.monitoring.queues import (
    PIPE,
    Queue,
    find_failure_queues,
    find_retry_queue,
)
from operations.privacy.account_data import AccountFinder, Progress
from operations.repair.transaction_reader import TableSize, TransactionReader
from shared.configuration import validate_file
from shared.contracts import DataOutputs
from stacks.data.settings import DataSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

ACTIONS = {
    "the table transactions": (
        "dynamodb:DescribeTable",
        "dynamodb:Scan",
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    ),
    "all tables, because AWS does not check this action against one": ("dynamodb:ListExports",),
    "the table profiles": (
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:Query",
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    ),
    "the queues suspicious, fraud-retry, suspicious-dlq, events-failures and fraud-failures": (
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibility",
        "sqs:GetQueueAttributes",
    ),
    "the keys data, profiles and failures, through DynamoDB and SQS": (
        "kms:Decrypt",
        "kms:GenerateDataKey",
    ),
}
"""The actions that an erasure needs, by resource."""


@dataclass(frozen=True, kw_only=True)
class PersonalDataStores:
    """The tables and the queues with personal data of one environment.

    `source_queues` are read by functions; `failure_queues` are not. The queue `pipe-failures` is left out:
    its messages have positions in the stream and no content.
    """

    dynamodb: "DynamoDBClient"
    sqs: "SQSClient"
    transactions: str
    profiles: str
    transactions_arn: str
    source_queues: Sequence[Queue]
    failure_queues: Sequence[Queue]
    caller: str
    environment: str
    audit_retention_days: int
    clock: Clock = now_ms

    @classmethod
    def from_deployed(cls, deployed: DeployedPipeline) -> "PersonalDataStores":
        """Open the stores. Raises UserError if a layer is not deployed."""
        data = deployed.outputs(DataOutputs)
        environment = deployed.environment
        settings = validate_file(DataSettings, environment.name, environment.root)
        return cls(
            dynamodb=deployed.dynamodb_client(),
            sqs=deployed.sqs_client(),
            transactions=deployed.transactions_table_name,
            profiles=deployed.profiles_table_name,
            transactions_arn=deployed.table_arn("transactions"),
            source_queues=[
                Queue("suspicious", deployed.queue_url(data.suspicious_queue_url)),
                find_retry_queue(deployed),
            ],
            failure_queues=[queue for queue in find_failure_queues(deployed) if queue.name != PIPE],
            caller=deployed.caller_arn(),
            environment=environment.name,
            audit_retention_days=settings.audit_retention_days,
        )

    def read_size(self) -> TableSize:
        """The size of the table of transactions, for the price of reading it. Raises UserError."""
        return TransactionReader(self.dynamodb, self.transactions, self.clock).read_size()

    def finder(self, segments: int, progress: Progress = lambda _: None) -> AccountFinder:
        """A finder that reads the table in `segments` parts at the same time."""
        return AccountFinder(self.dynamodb, self.transactions, self.profiles, segments, progress)

    def count_table_exports(self) -> int | None:
        """The exports of the table to buckets in the last 35 days; None if they cannot be listed."""
        try:
            return len(self.dynamodb.list_exports(TableArn=self.transactions_arn)["ExportSummaries"])
        except ClientError:
            return None
