"""The permissions on tables. Each function is named for the action that it allows.

DynamoDB checks a transaction against the permissions for its parts: TransactWriteItems needs UpdateItem and
PutItem. A function that writes only in transactions has no permission for other writes, so it cannot write a
part of a transaction alone. AWS does not document that attributes or keys can be restricted in a transaction,
so these policies do not restrict them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
"""

from shared.arns import Arns
from shared.iam import Statement
from shared.permissions import READ_WITH_KEY, WRITE_WITH_KEY, Arn, use_key
from shared.wildcards import Conditions

_ALERT_ATTRIBUTES = [
    "transaction_id",
    "timestamp",
    "alert_claim",
    "alert_claim_until",
    "alerted_at",
    "alert_id",
]
# The subjects of the profiles of merchants and categories, and of the positions in the stream, begin with
# their kind: functions/common/dynamodb/profile_items.py and functions/merchants/merchant_counter.py.
_COUNTED_SUBJECTS = ["merchant#*", "category#*"]
_MERCHANT_ATTRIBUTES = ["subject", "part", "state", "activity", "format", "expires_at", "version", "counted"]
# The subjects of devices and IP addresses. The names of their slots, and no others, have two characters:
# functions/common/dynamodb/origin_items.py.
_ORIGIN_SUBJECTS = ["device#*", "address#*"]
_ORIGIN_ATTRIBUTES = ["subject", "part", "expires_at", "??"]
_IN_TRANSACTION: Conditions = {
    "ForAnyValue:StringEquals": {"dynamodb:EnclosingOperation": ["TransactWriteItems"]}
}


def store_items(arns: Arns, table: Arn, key: Arn) -> list[Statement]:
    """Put items into one table."""
    return [
        Statement(sid="StoreItems", actions=["dynamodb:PutItem"], resources=[table]),
        use_key("StoreItemsEncrypted", WRITE_WITH_KEY, key, arns.service("dynamodb")),
    ]


def record_decisions(arns: Arns, transactions: Arn, key: Arn) -> list[Statement]:
    """Write decisions to transactions."""
    return [
        _update_statement("RecordDecisions", transactions),
        use_key("RecordDecisionsEncrypted", WRITE_WITH_KEY, key, arns.service("dynamodb")),
    ]


def record_alerts(arns: Arns, transactions: Arn, key: Arn) -> list[Statement]:
    """Claim and record alerts on transactions. Other attributes cannot be written."""
    alert_attributes_only: Conditions = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": _ALERT_ATTRIBUTES},
        # ForAllValues is also true for a request without attributes.
        "Null": {"dynamodb:Attributes": "false"},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE"]},
    }
    return [
        Statement(
            sid="RecordAlerts",
            actions=["dynamodb:UpdateItem"],
            resources=[transactions],
            conditions=alert_attributes_only,
        ),
        use_key("RecordAlertsEncrypted", WRITE_WITH_KEY, key, arns.service("dynamodb")),
    ]


def label_transactions(arns: Arns, transactions: Arn, key: Arn) -> list[Statement]:
    """Read a transaction and write its label."""
    return [
        Statement(sid="ReadTransactions", actions=["dynamodb:GetItem"], resources=[transactions]),
        _update_statement("LabelTransactions", transactions),
        use_key("LabelTransactionsEncrypted", WRITE_WITH_KEY, key, arns.service("dynamodb")),
    ]


def update_profiles(arns: Arns, profiles: Arn, key: Arn) -> list[Statement]:
    """Read the profiles of a transaction in one request and update them."""
    return [
        Statement(sid="ReadProfiles", actions=["dynamodb:BatchGetItem"], resources=[profiles]),
        _update_statement("KeepProfiles", profiles),
        use_key("KeepProfilesEncrypted", WRITE_WITH_KEY, key, arns.service("dynamodb")),
    ]


def count_merchants(arns: Arns, profiles: Arn, key: Arn) -> list[Statement]:
    """Read and update the profiles of merchants and categories.

    Accounts' profiles, lists and snoozes cannot be written. An update is a plain write of one item, so keys
    and attributes can be restricted.
    """
    # ForAllValues is also true for a request without keys or attributes.
    counted_only: Conditions = {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": _COUNTED_SUBJECTS},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    counts_only: Conditions = {
        **counted_only,
        "ForAllValues:StringEquals": {"dynamodb:Attributes": _MERCHANT_ATTRIBUTES},
        "Null": {"dynamodb:LeadingKeys": "false", "dynamodb:Attributes": "false"},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE"]},
    }
    return [
        Statement(
            sid="ReadMerchants",
            actions=["dynamodb:BatchGetItem"],
            resources=[profiles],
            conditions=counted_only,
        ),
        Statement(
            sid="CountMerchants",
            actions=["dynamodb:UpdateItem"],
            resources=[profiles],
            conditions=counts_only,
        ),
        use_key("CountMerchantsEncrypted", WRITE_WITH_KEY, key, arns.service("dynamodb")),
    ]


def use_origins(profiles: Arn) -> list[Statement]:
    """Update devices and IP addresses, and return them as they were. Other items cannot be written or read.

    `update_profiles` permits the use of the key.
    """
    # ForAllValues is also true for a request without keys or attributes.
    origins_only: Conditions = {
        "ForAllValues:StringLike": {
            "dynamodb:LeadingKeys": _ORIGIN_SUBJECTS,
            "dynamodb:Attributes": _ORIGIN_ATTRIBUTES,
        },
        "Null": {"dynamodb:LeadingKeys": "false", "dynamodb:Attributes": "false"},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": ["ALL_OLD"]},
    }
    return [
        Statement(
            sid="UseOrigins",
            actions=["dynamodb:UpdateItem"],
            resources=[profiles],
            conditions=origins_only,
        )
    ]


def read_profile(arns: Arns, profiles: Arn, key: Arn) -> list[Statement]:
    """Read one profile at a time, and list the suspicious decisions of one account."""
    return [
        Statement(sid="ReadProfile", actions=["dynamodb:GetItem", "dynamodb:Query"], resources=[profiles]),
        use_key("ReadProfileEncrypted", READ_WITH_KEY, key, arns.service("dynamodb")),
    ]


def read_stream(arns: Arns, stream: Arn, key: Arn) -> list[Statement]:
    """Read one stream of a table."""
    return [
        Statement(
            sid="ReadStream",
            actions=["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            resources=[stream],
        ),
        Statement(sid="ListStreams", actions=["dynamodb:ListStreams"], resources=["*"]),
        use_key("ReadStreamEncrypted", READ_WITH_KEY, key, arns.service("dynamodb")),
    ]


def _update_statement(sid: str, table: Arn) -> Statement:
    return Statement(sid=sid, actions=["dynamodb:UpdateItem"], resources=[table], conditions=_IN_TRANSACTION)
