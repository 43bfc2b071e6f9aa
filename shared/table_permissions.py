"""The permissions on tables, each named for what it lets its role do; the others are in permissions.py.

A transaction of DynamoDB is allowed by what allows its parts: TransactWriteItems by UpdateItem and PutItem.
A function that writes in transactions only may not write otherwise, so not a part of what belongs together.
Which attributes or keys are written is not restricted: AWS does not say that it can be in a transaction.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
"""

from shared.arns import Arns
from shared.iam import Statement
from shared.permissions import Arn, use_key
from shared.wildcards import Conditions

_READ_WITH_KEY = ("kms:Decrypt", "kms:DescribeKey")
_WRITE_WITH_KEY = (
    *_READ_WITH_KEY,
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
_ALERT_ATTRIBUTES = [
    "transaction_id",
    "timestamp",
    "alert_claim",
    "alert_claim_until",
    "alerted_at",
    "alert_id",
]
_IN_TRANSACTIONS: Conditions = {
    "ForAnyValue:StringEquals": {"dynamodb:EnclosingOperation": ["TransactWriteItems"]}
}


def store_items(arns: Arns, table: Arn, key: Arn) -> list[Statement]:
    """Put items into one table, alone or in a transaction, and read none."""
    return [
        Statement(sid="StoreItems", actions=["dynamodb:PutItem"], resources=[table]),
        use_key("StoreItemsEncrypted", _WRITE_WITH_KEY, key, arns.service("dynamodb")),
    ]


def record_decisions(arns: Arns, transactions: Arn, key: Arn) -> list[Statement]:
    """Write what was decided onto transactions, and read none."""
    return [
        _update("RecordDecisions", transactions),
        use_key("RecordDecisionsEncrypted", _WRITE_WITH_KEY, key, arns.service("dynamodb")),
    ]


def record_alerts(arns: Arns, transactions: Arn, key: Arn) -> list[Statement]:
    """Claim and record alerts on transactions: their key and these attributes, and no others."""
    only: Conditions = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": _ALERT_ATTRIBUTES},
        # ForAllValues holds for a request that names no attributes, too.
        "Null": {"dynamodb:Attributes": "false"},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE"]},
    }
    return [
        Statement(
            sid="RecordAlerts", actions=["dynamodb:UpdateItem"], resources=[transactions], conditions=only
        ),
        use_key("RecordAlertsEncrypted", _WRITE_WITH_KEY, key, arns.service("dynamodb")),
    ]


def label_transactions(arns: Arns, transactions: Arn, key: Arn) -> list[Statement]:
    """Look a transaction up and write its label onto it."""
    return [
        Statement(sid="ReadTransactions", actions=["dynamodb:GetItem"], resources=[transactions]),
        _update("LabelTransactions", transactions),
        use_key("LabelTransactionsEncrypted", _WRITE_WITH_KEY, key, arns.service("dynamodb")),
    ]


def keep_profiles(arns: Arns, profiles: Arn, key: Arn) -> list[Statement]:
    """Read the profiles of a transaction in one request, and write them."""
    return [
        Statement(sid="ReadProfiles", actions=["dynamodb:BatchGetItem"], resources=[profiles]),
        _update("KeepProfiles", profiles),
        use_key("KeepProfilesEncrypted", _WRITE_WITH_KEY, key, arns.service("dynamodb")),
    ]


def read_profile(arns: Arns, profiles: Arn, key: Arn) -> list[Statement]:
    """Read one profile at a time."""
    return [
        Statement(sid="ReadProfile", actions=["dynamodb:GetItem"], resources=[profiles]),
        use_key("ReadProfileEncrypted", _READ_WITH_KEY, key, arns.service("dynamodb")),
    ]


def read_stream(arns: Arns, stream: Arn, key: Arn) -> list[Statement]:
    """Follow one stream of a table."""
    return [
        Statement(
            sid="ReadStream",
            actions=["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            resources=[stream],
        ),
        Statement(sid="ListStreams", actions=["dynamodb:ListStreams"], resources=["*"]),
        use_key("ReadStreamEncrypted", _READ_WITH_KEY, key, arns.service("dynamodb")),
    ]


def _update(sid: str, table: Arn) -> Statement:
    return Statement(sid=sid, actions=["dynamodb:UpdateItem"], resources=[table], conditions=_IN_TRANSACTIONS)
