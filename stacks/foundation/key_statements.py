"""Who may use each key, and how.

The account's root as a principal stands for those whom IAM policies of the account allow the same: without it
nobody could administer a key, and no role's policy about it would count.
"""

from shared.arns import Arns
from shared.iam import Statement
from shared.names import FUNCTIONS, WELCOME_LOG_GROUP

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
_USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
_KEEP = ("kms:Decrypt", "kms:GenerateDataKey")
_EVENTS = {"Service": "events.amazonaws.com"}


def administer(arns: Arns) -> Statement:
    """Change the key and who may use it, but not use it."""
    return Statement(sid="Administer", actions=_ADMINISTER, principal={"AWS": arns.account_root})


def data(arns: Arns) -> list[Statement]:
    """Roles through the services that store transactions; the table by a grant; EventBridge for itself.

    EventBridge encrypts the rules of a bus, too. Whoever makes the bus or reads a rule needs the key:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html
    """
    return [
        *_for_stores(arns, "dynamodb", "sqs", "sns", "events"),
        _keep_events(arns),
        Statement(
            sid="LookUpKey",
            actions=["kms:DescribeKey"],
            principal=_EVENTS,
            conditions={"StringEquals": {"aws:SourceAccount": arns.account_id}},
        ),
    ]


def failures(arns: Arns) -> list[Statement]:
    """Roles through SQS; EventBridge for its own dead-letter queue."""
    return [_use_through(arns, "sqs"), _send_failed_events(arns)]


def operations(arns: Arns) -> list[Statement]:
    """Roles through SNS; the services that publish alarms, for the topic of alarms alone.

    AWS documents the source conditions for CloudWatch and Budgets, and that EventBridge does not send them.
    The encryption context is SNS's: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    account = {"aws:SourceAccount": arns.account_id}
    return [
        _use_through(arns, "sns"),
        _publish_to_operations(arns, "cloudwatch", account),
        _publish_to_operations(arns, "budgets", account),
        _publish_to_operations(arns, "events", {}),
    ]


def _publish_to_operations(arns: Arns, service: str, source: dict[str, str]) -> Statement:
    topic = {"kms:EncryptionContext:aws:sns:topicArn": arns.operations_topic}
    return Statement(
        sid=f"PublishFrom{service.capitalize()}",
        actions=_KEEP,
        principal={"Service": f"{service}.amazonaws.com"},
        conditions={"StringEquals": {**topic, **source}},
    )


def profiles(arns: Arns) -> list[Statement]:
    """Roles through DynamoDB and nothing else; the table by a grant."""
    return _for_stores(arns, "dynamodb")


def _for_stores(arns: Arns, *services: str) -> list[Statement]:
    """Roles through services that store; of these, DynamoDB encrypts a table by a grant."""
    return [
        _use_through(arns, *services),
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


def _use_through(arns: Arns, *services: str) -> Statement:
    """Roles of the account, through services that store."""
    return Statement(
        sid="UseThroughStores",
        actions=_USE,
        principal={"AWS": arns.account_root},
        conditions={"StringEquals": {"kms:ViaService": [arns.service(name) for name in services]}},
    )


def _keep_events(arns: Arns) -> Statement:
    """EventBridge encrypts the events of the bus by itself, and for no role."""
    tests = {"aws:SourceAccount": arns.account_id, "kms:EncryptionContext:aws:events:event-bus:arn": arns.bus}
    return Statement(sid="KeepEvents", actions=_KEEP, principal=_EVENTS, conditions={"StringEquals": tests})


def _send_failed_events(arns: Arns) -> Statement:
    """EventBridge sends to its dead-letter queue.

    When EventBridge sends to an encrypted topic, the request to KMS does not name the account of the source
    (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html). AWS does not say it of queues.
    """
    queue = arns.failure_queue("events")
    return Statement(
        sid="KeepFailedEvents",
        actions=_KEEP,
        principal=_EVENTS,
        conditions={
            "StringEquals": {"kms:EncryptionContext:aws:sqs:arn": queue},
            "StringEqualsIfExists": {"aws:SourceAccount": arns.account_id},
        },
    )


def function(arns: Arns) -> list[Statement]:
    """Deploying roles through Lambda; a function's role for that function's variables."""
    functions = [arns.function(name) for name in FUNCTIONS]
    return [
        Statement(
            sid="UseThroughLambda",
            actions=[*_USE, "kms:CreateGrant"],
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


def logs(arns: Arns) -> list[Statement]:
    """CloudWatch Logs, for the log groups of the pipeline."""
    groups = [arns.log_group(name) for name in (*arns.names.log_groups, WELCOME_LOG_GROUP)]
    return [
        Statement(
            sid="EncryptLogs",
            actions=_USE,
            principal={"Service": arns.service("logs")},
            conditions={"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )
    ]
