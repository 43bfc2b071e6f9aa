"""Rules for DynamoDB tables."""

from policy.resource import Resource
from policy.rule import rule

TABLE = "aws:dynamodb/table:Table"
TABLE_POLICY = "aws:dynamodb/resourcePolicy:ResourcePolicy"

SECURITY_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/dynamodb-controls.html"
GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide"


@rule(
    "dynamodb-on-demand",
    TABLE,
    title="A table is billed on demand",
    reason="The table scales with the rate of transactions, and costs nothing without them.",
    remedy='Set billingMode to "PAY_PER_REQUEST".',
    link=f"{SECURITY_HUB}#dynamodb-1",
    controls="C7 DynamoDB.1",
)
def is_on_demand(table: Resource) -> bool:
    return bool(table["billingMode"] == "PAY_PER_REQUEST")


@rule(
    "dynamodb-backups",
    TABLE,
    title="A table has point-in-time recovery",
    reason="A fault in code can overwrite items. Any second of the last 35 days can be restored.",
    remedy="Set pointInTimeRecovery.enabled to true.",
    link=f"{SECURITY_HUB}#dynamodb-2",
    controls="DynamoDB.2 AwsSolutions-DDB3 CKV_AWS_28",
)
def can_be_restored(table: Resource) -> bool:
    return table["pointInTimeRecovery.enabled"] is True


@rule(
    "dynamodb-key",
    TABLE,
    title="A table is encrypted with a customer-managed key",
    reason="The key's policy, and not only IAM, decides who reads transactions.",
    remedy="Set serverSideEncryption.enabled to true, and kmsKeyArn.",
    link=f"{GUIDE}/EncryptionAtRest.html",
    controls="C11 CKV_AWS_119",
)
def is_encrypted(table: Resource) -> bool:
    return table["serverSideEncryption.enabled"] is True and bool(table["serverSideEncryption.kmsKeyArn"])


@rule(
    "dynamodb-deletion-protection",
    TABLE,
    title="A table is protected from deletion",
    reason="Deleting a table deletes all its items.",
    remedy="Set deletionProtectionEnabled to true.",
    link=f"{SECURITY_HUB}#dynamodb-6",
    controls="DynamoDB.6",
)
def is_protected(table: Resource) -> bool:
    return table["deletionProtectionEnabled"] is True


@rule(
    "dynamodb-ttl",
    TABLE,
    title="Items of a table expire",
    reason="Personal data is deleted when its purpose has ended (GDPR, article 5).",
    remedy="Set ttl with attributeName, and enabled to true.",
    link=f"{GUIDE}/TTL.html",
)
def items_expire(table: Resource) -> bool:
    return table["ttl.enabled"] is True and bool(table["ttl.attributeName"])


@rule(
    "dynamodb-stream-images",
    TABLE,
    title="A stream contains new images only",
    reason="Old images would keep values that were corrected or erased for a day longer.",
    remedy='Set streamViewType to "NEW_IMAGE".',
    link=f"{GUIDE}/Streams.html",
)
def streams_new_images(table: Resource) -> bool:
    return not table["streamEnabled"] or table["streamViewType"] == "NEW_IMAGE"


@rule(
    "dynamodb-no-replicas",
    TABLE,
    title="A table has no replicas in other regions",
    reason="Customers' data stays in the region of the settings.",
    remedy="Remove replicas.",
    link=f"{GUIDE}/GlobalTables.html",
)
def has_no_replicas(table: Resource) -> bool:
    return not table["replicas"]


@rule(
    "dynamodb-policy-not-public",
    TABLE_POLICY,
    title="The policy of a table allows no one outside the account",
    reason="A statement that allows everyone makes transactions public.",
    remedy="Name the principals.",
    link=f"{GUIDE}/rbac-bpa-rbp.html",
)
def table_policy_is_not_public(policy: Resource) -> bool:
    return not any(statement.allows_everyone for statement in policy.statements())
