"""The statements of the key policies.

The account root as a principal means every identity that an IAM policy of the account allows the same.
Without it, IAM policies have no effect on a key, and no identity can administer the key.
"""

from collections.abc import Sequence

from shared.arns import Arns
from shared.iam import Statement
from shared.names import FUNCTIONS, WELCOME_LOG_GROUP
from shared.permissions import SEND_WITH_KEY, WRITE_WITH_KEY

_ADMINISTER = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
_EVENTS = {"Service": "events.amazonaws.com"}
# The statement `Administer` allows every role that may describe the key to do so.
_WRITE = tuple(action for action in WRITE_WITH_KEY if action != "kms:DescribeKey")


def administration_statement(arns: Arns) -> Statement:
    """Administer the key and its policy, without using the key."""
    return Statement(sid="Administer", actions=_ADMINISTER, principal={"AWS": arns.account_root})


def data_key_statements(arns: Arns) -> list[Statement]:
    """Roles through the services that store transactions, the table through a grant, and EventBridge.

    EventBridge also encrypts the rules of a bus. A role that creates the bus or reads a rule needs the key:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html
    """
    return [
        *_storage_statements(arns, "dynamodb", "sqs", "sns", "events"),
        _event_bus_statement(arns),
        Statement(
            sid="LookUpKey",
            actions=["kms:DescribeKey"],
            principal=_EVENTS,
            conditions={"StringEquals": {"aws:SourceAccount": arns.account_id}},
        ),
    ]


def failures_key_statements(arns: Arns) -> list[Statement]:
    """Roles through SQS, and EventBridge for its dead-letter queue."""
    return [_storage_statement(arns, SEND_WITH_KEY, "sqs"), _failed_events_statement(arns)]


def operations_key_statements(arns: Arns) -> list[Statement]:
    """The services that publish to the alarm topic. No role does.

    AWS documents source conditions for CloudWatch and Budgets, and that EventBridge does not send them. SNS
    sets the encryption context: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    account = {"aws:SourceAccount": arns.account_id}
    return [
        _alarm_publisher_statement(arns, "cloudwatch", account),
        _alarm_publisher_statement(arns, "budgets", account),
        _alarm_publisher_statement(arns, "events", {}),
    ]


def _alarm_publisher_statement(arns: Arns, service: str, source: dict[str, str]) -> Statement:
    topic = {"kms:EncryptionContext:aws:sns:topicArn": arns.operations_topic}
    return Statement(
        sid=f"PublishFrom{service.capitalize()}",
        actions=SEND_WITH_KEY,
        principal={"Service": f"{service}.amazonaws.com"},
        conditions={"StringEquals": {**topic, **source}},
    )


def profiles_key_statements(arns: Arns) -> list[Statement]:
    """Roles through DynamoDB only, and the table through a grant."""
    return _storage_statements(arns, "dynamodb")


def _storage_statements(arns: Arns, *services: str) -> list[Statement]:
    """Roles through services that store data, and a grant for DynamoDB to encrypt a table."""
    return [
        _storage_statement(arns, _WRITE, *services),
        Statement(
            sid="GrantToTable",
            actions=["kms:CreateGrant"],
            principal={"AWS": arns.account_root},
            conditions={
                "StringEquals": {"kms:ViaService": arns.service("dynamodb")},
                "Bool": {"kms:GrantIsForAWSResource": "true"},
            },
        ),
    ]


def _storage_statement(arns: Arns, actions: Sequence[str], *services: str) -> Statement:
    """Roles of the account, through services that store data."""
    return Statement(
        sid="UseThroughStores",
        actions=actions,
        principal={"AWS": arns.account_root},
        conditions={"StringEquals": {"kms:ViaService": [arns.service(name) for name in services]}},
    )


def _event_bus_statement(arns: Arns) -> Statement:
    """EventBridge encrypts the events of the bus with its own permission."""
    tests = {"aws:SourceAccount": arns.account_id, "kms:EncryptionContext:aws:events:event-bus:arn": arns.bus}
    return Statement(
        sid="KeepEvents", actions=SEND_WITH_KEY, principal=_EVENTS, conditions={"StringEquals": tests}
    )


def _failed_events_statement(arns: Arns) -> Statement:
    """EventBridge sends events to its dead-letter queue.

    For an encrypted topic, EventBridge's request to KMS does not contain the source account
    (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html). For queues, AWS does not document it.
    """
    queue = arns.failure_queue("events")
    return Statement(
        sid="KeepFailedEvents",
        actions=SEND_WITH_KEY,
        principal=_EVENTS,
        conditions={
            "StringEquals": {"kms:EncryptionContext:aws:sqs:arn": queue},
            "StringEqualsIfExists": {"aws:SourceAccount": arns.account_id},
        },
    )


def function_key_statements(arns: Arns) -> list[Statement]:
    """Deploy roles through Lambda, and each function's role for its environment variables."""
    functions = [arns.function(name) for name in FUNCTIONS]
    return [
        Statement(
            sid="UseThroughLambda",
            # `DecryptEnvironment` allows the deploy roles to decrypt the variables, too.
            actions=["kms:CreateGrant", "kms:Encrypt", "kms:GenerateDataKey"],
            principal={"AWS": arns.account_root},
            conditions={"StringEquals": {"kms:ViaService": arns.service("lambda")}},
        ),
        Statement(
            sid="DecryptEnvironment",
            actions=["kms:Decrypt"],
            principal={"AWS": arns.account_root},
            conditions={"StringEquals": {"kms:EncryptionContext:aws:lambda:FunctionArn": functions}},
        ),
    ]


def logs_key_statements(arns: Arns) -> list[Statement]:
    """CloudWatch Logs, for the log groups of the pipeline only."""
    groups = [arns.log_group(name) for name in (*arns.names.log_groups, WELCOME_LOG_GROUP)]
    return [
        Statement(
            sid="EncryptLogs",
            actions=WRITE_WITH_KEY,
            principal={"Service": arns.service("logs")},
            conditions={"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )
    ]
