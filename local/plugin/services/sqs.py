"""SQS: queues, their access policies and their redrive allow policies."""

import json
from typing import ClassVar

from local.plugin.properties import Property, capitalize, to_text
from local.plugin.resource import REGION, REGION_AND_TAGS, PutResource, Resource
from local.plugin.tags import TagApi
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
    tag_api = TagApi(
        "QueueUrl", by_arn=False, pair=None, put="tag_queue", remove="untag_queue", read="list_queue_tags"
    )
    identity = ("name",)
    properties: ClassVar = {
        **REGION_AND_TAGS,
        **_ATTRIBUTES,
        "name": Property(autoname=True, replace=True),
        "fifoQueue": Property(False, only=(False,)),
    }

    def create(self, inputs: Props) -> str:
        attributes = {p.api: to_text(inputs[name]) for name, p in _ATTRIBUTES.items() if name in inputs}
        queue = self.client.create_queue(QueueName=inputs["name"], Attributes=attributes, tags=inputs["tags"])
        return str(queue["QueueUrl"])

    def read(self, resource_id: str, state: Props) -> Props:
        response = self.client.get_queue_attributes(QueueUrl=resource_id, AttributeNames=["All"])
        values = response["Attributes"]
        attributes = {
            name: values[p.api] if p.document else _from_text(values[p.api])
            for name, p in _ATTRIBUTES.items()
            if p.api in values and (name not in _SHARED or name in state or not state)
        }
        arn = values["QueueArn"]
        return {
            "kmsMasterKeyId": None,
            **attributes,
            "name": arn.rsplit(":", 1)[1],
            "arn": arn,
            "url": resource_id,
            "fifoQueue": False,
            "tags": self.read_tags(resource_id),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        attributes = {_ATTRIBUTES[name].api: to_text(new.get(name)) for name in changed & _ATTRIBUTES.keys()}
        if attributes:
            self.client.set_queue_attributes(QueueUrl=resource_id, Attributes=attributes)

    def delete(self, resource_id: str, state: Props) -> None:
        self.client.delete_queue(QueueUrl=resource_id)


class _QueueDocument(PutResource):
    """One JSON attribute of a queue as a separate resource."""

    identity = ("queueUrl",)
    id_format = "{queueUrl}"
    # The property, which has the same name in the API.
    document: ClassVar[str]

    def put(self, inputs: Props) -> None:
        attributes = {capitalize(self.document): inputs[self.document]}
        self.client.set_queue_attributes(QueueUrl=inputs["queueUrl"], Attributes=attributes)

    def read(self, resource_id: str, state: Props) -> Props | None:
        name = capitalize(self.document)
        response = self.client.get_queue_attributes(QueueUrl=resource_id, AttributeNames=[name])
        text = response.get("Attributes", {}).get(name)
        return {"queueUrl": resource_id, self.document: text} if text else None

    def delete(self, resource_id: str, state: Props) -> None:
        self.put({"queueUrl": resource_id, self.document: ""})


class QueuePolicy(_QueueDocument):
    """The access policy of a queue."""

    pulumi_type = "aws:sqs/queuePolicy:QueuePolicy"
    document = "policy"
    properties: ClassVar = {
        **REGION,
        "queueUrl": Property(required=True, replace=True),
        "policy": Property(required=True, document="policy"),
    }


class RedriveAllowPolicy(_QueueDocument):
    """The queues that can use a queue as their dead-letter queue."""

    pulumi_type = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
    document = "redriveAllowPolicy"
    properties: ClassVar = {
        **REGION,
        "queueUrl": Property(required=True, replace=True),
        "redriveAllowPolicy": Property(required=True, document="json"),
    }


def _from_text(text: str) -> Plain:
    """The inverse of `to_text` for numbers and booleans; other values remain text."""
    return json.loads(text) if text.isdigit() or text in ("true", "false") else text
