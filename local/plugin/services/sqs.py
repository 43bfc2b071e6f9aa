"""SQS: queues, their access policies and their redrive allow policies."""

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
    # Separate resource types exist, so a queue that does not declare these attributes does not change them.
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
        attributes = {p.api: _to_text(inputs[name]) for name, p in _ATTRIBUTES.items() if name in inputs}
        queue = self.aws.client("sqs").create_queue(
            QueueName=inputs["name"], Attributes=attributes, tags=inputs["tags"]
        )
        return str(queue["QueueUrl"])

    def read(self, resource_id: str, state: Props) -> Props:
        sqs = self.aws.client("sqs")
        response = sqs.get_queue_attributes(QueueUrl=resource_id, AttributeNames=["All"])["Attributes"]
        attributes = {
            name: _from_text(response[p.api]) if not p.document else response[p.api]
            for name, p in _ATTRIBUTES.items()
            if p.api in response and (name not in _SHARED or name in state or not state)
        }
        arn = response["QueueArn"]
        return {
            **dict.fromkeys(_ATTRIBUTES.keys() & {"kmsMasterKeyId"}),
            **attributes,
            "name": arn.rsplit(":", 1)[1],
            "arn": arn,
            "url": resource_id,
            "fifoQueue": False,
            "tags": sqs.list_queue_tags(QueueUrl=resource_id).get("Tags", {}),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        sqs = self.aws.client("sqs")
        attributes = {_ATTRIBUTES[name].api: _to_text(new.get(name)) for name in changed & _ATTRIBUTES.keys()}
        if attributes:
            sqs.set_queue_attributes(QueueUrl=resource_id, Attributes=attributes)
        tags.update_tags(
            old["tags"],
            new["tags"],
            put=lambda added: sqs.tag_queue(QueueUrl=resource_id, Tags=added),
            remove=lambda names: sqs.untag_queue(QueueUrl=resource_id, TagKeys=names),
        )

    def delete(self, resource_id: str, state: Props) -> None:
        self.aws.client("sqs").delete_queue(QueueUrl=resource_id)


class _QueueDocument(Resource):
    """One JSON attribute of a queue as a separate resource; its id is the queue's URL."""

    identity = ("queueUrl",)
    document: ClassVar[str]
    attribute: ClassVar[str]

    def create(self, inputs: Props) -> str:
        self._put(inputs["queueUrl"], inputs[self.document])
        return str(inputs["queueUrl"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        sqs = self.aws.client("sqs")
        response = sqs.get_queue_attributes(QueueUrl=resource_id, AttributeNames=[self.attribute])
        text = response.get("Attributes", {}).get(self.attribute)
        return {"queueUrl": resource_id, self.document: text} if text else None

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self._put(resource_id, new[self.document])

    def delete(self, resource_id: str, state: Props) -> None:
        self._put(resource_id, "")

    def _put(self, url: str, text: str) -> None:
        self.aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={self.attribute: text})


class QueuePolicy(_QueueDocument):
    """The access policy of a queue."""

    pulumi_type = "aws:sqs/queuePolicy:QueuePolicy"
    document = "policy"
    attribute = "Policy"
    properties: ClassVar = {
        **REGION,
        "queueUrl": Property(required=True, replace=True),
        "policy": Property(required=True, document="policy"),
    }


class RedriveAllowPolicy(_QueueDocument):
    """The queues that can use a queue as their dead-letter queue."""

    pulumi_type = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
    document = "redriveAllowPolicy"
    attribute = "RedriveAllowPolicy"
    properties: ClassVar = {
        **REGION,
        "queueUrl": Property(required=True, replace=True),
        "redriveAllowPolicy": Property(required=True, document="json"),
    }


def _to_text(value: Plain) -> str:
    """A value as an SQS attribute, which is text; an empty text resets the attribute."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _from_text(text: str) -> Plain:
    """The inverse of `_to_text` for numbers and booleans; other values remain text."""
    return json.loads(text) if text.isdigit() or text in ("true", "false") else text


RESOURCES = (Queue, QueuePolicy, RedriveAllowPolicy)
