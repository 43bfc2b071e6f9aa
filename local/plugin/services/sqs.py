"""SQS: queues, their policies and who may use them as a dead-letter queue."""

import json
from typing import ClassVar

from local.plugin import tags
from local.plugin.properties import Property
from local.plugin.resource import REGION, TAGS, Resource
from local.plugin.values import Plain, Props

_ATTRIBUTES = {
    "visibilityTimeoutSeconds": Property(30, api="VisibilityTimeout"),
    "messageRetentionSeconds": Property(345600, api="MessageRetentionPeriod"),
    "maxMessageSize": Property(computed=True, api="MaximumMessageSize"),
    "delaySeconds": Property(0, api="DelaySeconds"),
    "receiveWaitTimeSeconds": Property(0, api="ReceiveMessageWaitTimeSeconds"),
    "kmsMasterKeyId": Property(api="KmsMasterKeyId"),
    "kmsDataKeyReusePeriodSeconds": Property(computed=True, api="KmsDataKeyReusePeriodSeconds"),
    "sqsManagedSseEnabled": Property(computed=True, api="SqsManagedSseEnabled"),
    # These have resource types of their own, so a queue that does not declare them leaves them alone.
    "redrivePolicy": Property(computed=True, document="json", api="RedrivePolicy"),
    "redriveAllowPolicy": Property(computed=True, document="json", api="RedriveAllowPolicy"),
    "policy": Property(computed=True, document="policy", api="Policy"),
}
_SHARED = ("redriveAllowPolicy", "policy")


class Queue(Resource):
    """A standard queue; its id is its URL."""

    pulumi_type = "aws:sqs/queue:Queue"
    identity = ("name",)
    properties: ClassVar = {
        **REGION,
        **TAGS,
        **_ATTRIBUTES,
        "name": Property(autoname=True, replace=True),
        "fifoQueue": Property(False, only=(False,)),
    }

    def create(self, inputs: Props) -> str:
        wanted = {p.api: _text(inputs[name]) for name, p in _ATTRIBUTES.items() if name in inputs}
        queue = self.aws.client("sqs").create_queue(
            QueueName=inputs["name"], Attributes=wanted, tags=inputs["tags"]
        )
        return str(queue["QueueUrl"])

    def read(self, resource_id: str, state: Props) -> Props:
        sqs = self.aws.client("sqs")
        answer = sqs.get_queue_attributes(QueueUrl=resource_id, AttributeNames=["All"])["Attributes"]
        ours = {
            name: _typed(answer[p.api]) if not p.document else answer[p.api]
            for name, p in _ATTRIBUTES.items()
            if p.api in answer and (name not in _SHARED or name in state or not state)
        }
        arn = answer["QueueArn"]
        found = {**dict.fromkeys(_ATTRIBUTES.keys() & {"kmsMasterKeyId"}), **ours}
        own = {"name": arn.rsplit(":", 1)[1], "arn": arn, "url": resource_id, "fifoQueue": False}
        return {**found, **own, "tags": sqs.list_queue_tags(QueueUrl=resource_id).get("Tags", {})}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        sqs = self.aws.client("sqs")
        if wanted := {_ATTRIBUTES[name].api: _text(new.get(name)) for name in changed & _ATTRIBUTES.keys()}:
            sqs.set_queue_attributes(QueueUrl=resource_id, Attributes=wanted)
        tags.change(
            old["tags"],
            new["tags"],
            put=lambda added: sqs.tag_queue(QueueUrl=resource_id, Tags=added),
            remove=lambda names: sqs.untag_queue(QueueUrl=resource_id, TagKeys=names),
        )

    def delete(self, resource_id: str, state: Props) -> None:
        self.aws.client("sqs").delete_queue(QueueUrl=resource_id)


class _QueueDocument(Resource):
    """One JSON attribute of a queue as a resource of its own; its id is the queue's URL."""

    identity = ("queueUrl",)
    document: ClassVar[str]
    attribute: ClassVar[str]

    def create(self, inputs: Props) -> str:
        self._put(inputs["queueUrl"], inputs[self.document])
        return str(inputs["queueUrl"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        sqs = self.aws.client("sqs")
        answer = sqs.get_queue_attributes(QueueUrl=resource_id, AttributeNames=[self.attribute])
        text = answer.get("Attributes", {}).get(self.attribute)
        return {"queueUrl": resource_id, self.document: text} if text else None

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self._put(resource_id, new[self.document])

    def delete(self, resource_id: str, state: Props) -> None:
        self._put(resource_id, "")

    def _put(self, url: str, text: str) -> None:
        self.aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={self.attribute: text})


class QueuePolicy(_QueueDocument):
    """Who may use a queue."""

    pulumi_type = "aws:sqs/queuePolicy:QueuePolicy"
    document = "policy"
    attribute = "Policy"
    properties: ClassVar = {
        **REGION,
        "queueUrl": Property(required=True, replace=True),
        "policy": Property(required=True, document="policy"),
    }


class RedriveAllowPolicy(_QueueDocument):
    """Which queues may name this one as their dead-letter queue."""

    pulumi_type = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
    document = "redriveAllowPolicy"
    attribute = "RedriveAllowPolicy"
    properties: ClassVar = {
        **REGION,
        "queueUrl": Property(required=True, replace=True),
        "redriveAllowPolicy": Property(required=True, document="json"),
    }


def _text(value: Plain) -> str:
    """A value as SQS takes attributes: texts, where an empty one resets."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _typed(text: str) -> Plain:
    """The opposite of `_text`; identifiers stay texts."""
    return json.loads(text) if text.isdigit() or text in ("true", "false") else text


RESOURCES = (Queue, QueuePolicy, RedriveAllowPolicy)
