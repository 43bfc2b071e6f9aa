"""Tables, queues and topics."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.engine.plugin.programs.documents import policy_json, to_json
from tests.engine.plugin.programs.variant import Client, Group, Variant


def _declare_resources(variant: Variant, _: Path) -> None:
    changed = variant is Variant.CHANGED
    key = aws.kms.Key("data-key", deletion_window_in_days=7)
    attributes = [
        {"name": "transaction_id", "type": "S"},
        {"name": "timestamp", "type": "N"},
    ]
    aws.dynamodb.Table(
        "table",
        name="plugin-test",
        billing_mode="PAY_PER_REQUEST",
        hash_key="transaction_id",
        range_key="timestamp",
        attributes=attributes[::-1] if variant is Variant.EQUIVALENT else attributes,
        stream_enabled=True,
        stream_view_type="NEW_AND_OLD_IMAGES" if changed else "NEW_IMAGE",
        server_side_encryption={"enabled": True, "kms_key_arn": key.arn},
        point_in_time_recovery={"enabled": not changed},
        ttl=None if changed else {"attribute_name": "expires_at", "enabled": True},
        deletion_protection_enabled=False,
        tags={"Layer": "changed" if changed else "test"},
    )
    aws.dynamodb.Table(
        "rekeyed",
        name="plugin-test-rekeyed",
        billing_mode="PAY_PER_REQUEST",
        hash_key="b" if changed else "a",
        attributes=[{"name": "b" if changed else "a", "type": "S"}],
    )
    _declare_queues(variant, key)
    _declare_topics(variant, key)


def _declare_queues(variant: Variant, key: aws.kms.Key) -> None:
    changed = variant is Variant.CHANGED
    dead = aws.sqs.Queue("dead", name="plugin-test-dead", message_retention_seconds=1209600)
    queue = aws.sqs.Queue(
        "queue",
        name="plugin-test",
        visibility_timeout_seconds=None if changed else 360,
        kms_master_key_id=None if changed else key.arn,
        kms_data_key_reuse_period_seconds=300,
        redrive_policy=dead.arn.apply(
            lambda arn: to_json({"deadLetterTargetArn": arn, "maxReceiveCount": 9 if changed else 5}, variant)
        ),
        tags={"Layer": "test"},
    )
    aws.sqs.RedriveAllowPolicy(
        "allow",
        queue_url=dead.id,
        redrive_allow_policy=queue.arn.apply(
            lambda arn: to_json(
                {"redrivePermission": "allowAll"}
                if changed
                else {"redrivePermission": "byQueue", "sourceQueueArns": [arn]},
                variant,
            )
        ),
    )
    aws.sqs.QueuePolicy(
        "queue-policy", queue_url=queue.url, policy=queue.arn.apply(lambda arn: _use_policy(arn, variant))
    )
    aws.sqs.Queue("renamed", name="plugin-test-second" if changed else "plugin-test-first")
    aws.sqs.Queue("autonamed")


def _declare_topics(variant: Variant, key: aws.kms.Key) -> None:
    changed = variant is Variant.CHANGED
    topic = aws.sns.Topic(
        "topic",
        name="plugin-test",
        display_name=None if changed else "Alerts",
        kms_master_key_id=None if changed else key.arn,
        tags={"Layer": "changed" if changed else "test"},
    )
    aws.sns.TopicPolicy(
        "topic-policy", arn=topic.arn, policy=topic.arn.apply(lambda arn: _use_policy(arn, variant))
    )
    aws.sns.TopicSubscription(
        "mail",
        topic=topic.arn,
        protocol="email",
        endpoint="new@example.com" if changed else "alerts@example.com",
    )
    filtered = {"severity": ["high", "medium"] if changed else ["high"]}
    aws.sns.TopicSubscription(
        "filtered",
        topic=topic.arn,
        protocol="email",
        endpoint="high@example.com",
        filter_policy=to_json(filtered, variant),
        filter_policy_scope="MessageAttributes",
    )
    pulumi.export("topic", topic.arn)


def _use_policy(arn: str, variant: Variant) -> str:
    changed = variant is Variant.CHANGED
    action = ("sns:Publish" if ":sns:" in arn else "sqs:SendMessage",)
    who = {"Service": ["lambda.amazonaws.com" if changed else "events.amazonaws.com"]}
    condition = {"ArnLike": {"aws:SourceArn": ["arn:aws:events:us-east-1:000000000000:rule/x"]}}
    statement = {"Sid": "Use", "Effect": "Allow", "Principal": who, "Action": list(action), "Resource": [arn]}
    return policy_json({**statement, "Condition": condition}, variant=variant)


def _list_resources(client: Client) -> set[str]:
    return {
        *client("dynamodb").list_tables()["TableNames"],
        *client("sqs").list_queues().get("QueueUrls", []),
        *(topic["TopicArn"] for topic in client("sns").list_topics()["Topics"]),
        *(entry["Endpoint"] for entry in client("sns").list_subscriptions()["Subscriptions"]),
    }


def _read_settings(client: Client, outputs: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    db, sqs, sns = client("dynamodb"), client("sqs"), client("sns")
    table = db.describe_table(TableName="plugin-test")["Table"]
    backups = db.describe_continuous_backups(TableName="plugin-test")["ContinuousBackupsDescription"]
    ttl = db.describe_time_to_live(TableName="plugin-test")["TimeToLiveDescription"]
    queue = sqs.get_queue_attributes(QueueUrl=outputs("queue")["url"], AttributeNames=["All"])["Attributes"]
    topic = sns.get_topic_attributes(TopicArn=outputs("topic")["arn"])["Attributes"]
    subscription = sns.get_subscription_attributes(SubscriptionArn=outputs("filtered")["arn"])["Attributes"]
    return {
        "stream": table["StreamSpecification"]["StreamViewType"],
        "stream arn": table["LatestStreamArn"] == outputs("table")["streamArn"],
        "key": table["SSEDescription"]["KMSMasterKeyArn"] == outputs("data-key")["arn"],
        "recovery": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        "ttl": ttl["TimeToLiveStatus"],
        "visibility": queue["VisibilityTimeout"],
        "receives": json.loads(queue["RedrivePolicy"])["maxReceiveCount"],
        "who": json.loads(queue["Policy"])["Statement"][0]["Principal"],
        "retention": outputs("queue")["messageRetentionSeconds"],
        "keys": (queue.get("KmsMasterKeyId", ""), topic.get("KmsMasterKeyId", "")),
        "display name": topic.get("DisplayName", ""),
        "filter": json.loads(subscription["FilterPolicy"]),
    }


GROUP = Group(
    program=_declare_resources,
    types=frozenset(
        {
            "aws:kms/key:Key",
            "aws:dynamodb/table:Table",
            "aws:sqs/queue:Queue",
            "aws:sqs/queuePolicy:QueuePolicy",
            "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
            "aws:sns/topic:Topic",
            "aws:sns/topicPolicy:TopicPolicy",
            "aws:sns/topicSubscription:TopicSubscription",
        }
    ),
    changes={
        "table": "update",
        "rekeyed": "replace",
        "queue": "update",
        "allow": "update",
        "queue-policy": "update",
        "renamed": "replace",
        "topic": "update",
        "topic-policy": "update",
        "mail": "replace",
        "filtered": "update",
    },
    list_resources=_list_resources,
    read_settings=_read_settings,
    expected_settings={
        "stream": "NEW_AND_OLD_IMAGES",
        "stream arn": True,
        "key": True,
        "recovery": "DISABLED",
        "ttl": "DISABLED",
        "visibility": "30",
        "receives": 9,
        "who": {"Service": ["lambda.amazonaws.com"]},
        "retention": 345600,
        "keys": ("", ""),
        "display name": "",
        "filter": {"severity": ["high", "medium"]},
    },
)
