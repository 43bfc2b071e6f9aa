"""SNS: topics, their policies and subscriptions."""

import json
from collections.abc import Mapping
from typing import ClassVar

from local.plugin import tags
from local.plugin.properties import Property, capitalize, copy_fields, to_text, without_empty
from local.plugin.resource import REGION, REGION_AND_TAGS, PutResource, Resource
from local.plugin.tags import TagApi
from local.plugin.values import Props

_TOPIC = {
    "displayName": Property(),
    "kmsMasterKeyId": Property(),
    "signatureVersion": Property(computed=True),
    "tracingConfig": Property(computed=True),
    "deliveryPolicy": Property(document="json"),
    # A separate resource type exists, so a topic without a declared policy does not change it.
    "policy": Property(computed=True, document="policy"),
}


class Topic(Resource):
    """A standard topic; its id is its ARN."""

    pulumi_type = "aws:sns/topic:Topic"
    tag_api = TagApi("ResourceArn")
    identity = ("name",)
    properties: ClassVar = {
        **REGION_AND_TAGS,
        **_TOPIC,
        "name": Property(autoname=True, replace=True),
        "fifoTopic": Property(False, only=(False,)),
    }

    def create(self, inputs: Props) -> str:
        response = self.client.create_topic(
            Name=inputs["name"],
            Attributes=_to_attributes(_TOPIC, inputs),
            Tags=tags.to_list(inputs["tags"]),
        )
        return str(response["TopicArn"])

    def read(self, resource_id: str, state: Props) -> Props:
        response = self.client.get_topic_attributes(TopicArn=resource_id)["Attributes"]
        outputs = copy_fields(without_empty(response), *_TOPIC)
        if outputs["signatureVersion"]:
            outputs["signatureVersion"] = int(outputs["signatureVersion"])
        if state and "policy" not in state:
            del outputs["policy"]
        return {
            **outputs,
            "name": resource_id.rsplit(":", 1)[1],
            "arn": resource_id,
            "owner": response["Owner"],
            "fifoTopic": False,
            "tags": self.read_tags(resource_id),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        for name in sorted(changed & _TOPIC.keys()):
            value = to_text(new.get(name))
            self.client.set_topic_attributes(
                TopicArn=resource_id, AttributeName=capitalize(name), AttributeValue=value
            )

    def delete(self, resource_id: str, state: Props) -> None:
        self.client.delete_topic(TopicArn=resource_id)


class TopicPolicy(PutResource):
    """The access policy of a topic."""

    pulumi_type = "aws:sns/topicPolicy:TopicPolicy"
    identity = ("arn",)
    id_format = "{arn}"
    properties: ClassVar = {
        **REGION,
        "arn": Property(required=True, replace=True),
        "policy": Property(required=True, document="policy"),
    }

    def put(self, inputs: Props) -> None:
        self.client.set_topic_attributes(
            TopicArn=inputs["arn"], AttributeName="Policy", AttributeValue=inputs["policy"]
        )

    def read(self, resource_id: str, state: Props) -> Props:
        attributes = self.client.get_topic_attributes(TopicArn=resource_id)["Attributes"]
        return {"arn": resource_id, "owner": attributes["Owner"], "policy": attributes["Policy"]}

    def delete(self, resource_id: str, state: Props) -> None:
        self.put({"arn": resource_id, "policy": _default_policy(resource_id)})


_SUBSCRIPTION = {
    "filterPolicy": Property(document="json"),
    "filterPolicyScope": Property(computed=True),
    "rawMessageDelivery": Property(False),
    "redrivePolicy": Property(document="json"),
    "deliveryPolicy": Property(document="json"),
}


class TopicSubscription(Resource):
    """A subscription to a topic; its id is the subscription's ARN."""

    pulumi_type = "aws:sns/topicSubscription:TopicSubscription"
    properties: ClassVar = {
        **REGION,
        **_SUBSCRIPTION,
        "topic": Property(required=True, replace=True),
        "protocol": Property(required=True, replace=True),
        "endpoint": Property(required=True, replace=True),
        # The official provider waits for the confirmation of HTTP endpoints; this one does not wait.
        "confirmationTimeoutInMinutes": Property(1),
        "endpointAutoConfirms": Property(False, only=(False,)),
    }

    def create(self, inputs: Props) -> str:
        response = self.client.subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            Attributes=_to_attributes(_SUBSCRIPTION, inputs),
            ReturnSubscriptionArn=True,
        )
        return str(response["SubscriptionArn"])

    def read(self, resource_id: str, state: Props) -> Props:
        response = self.client.get_subscription_attributes(SubscriptionArn=resource_id)["Attributes"]
        return {
            **copy_fields(without_empty(response), *_SUBSCRIPTION, "protocol", "endpoint"),
            "arn": resource_id,
            "topic": response["TopicArn"],
            "ownerId": response["Owner"],
            "rawMessageDelivery": response.get("RawMessageDelivery") == "true",
            "pendingConfirmation": response.get("PendingConfirmation") == "true",
            "confirmationWasAuthenticated": response.get("ConfirmationWasAuthenticated") == "true",
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        for name in sorted(changed & _SUBSCRIPTION.keys()):
            value = to_text(new.get(name))
            self.client.set_subscription_attributes(
                SubscriptionArn=resource_id, AttributeName=capitalize(name), AttributeValue=value
            )

    def delete(self, resource_id: str, state: Props) -> None:
        self.client.unsubscribe(SubscriptionArn=resource_id)


def _to_attributes(fields: Mapping[str, Property], inputs: Props) -> dict[str, str]:
    """The attributes of a creation, which are text, without those that are not set."""
    return {capitalize(name): to_text(inputs[name]) for name in fields if inputs.get(name)}


def _default_policy(topic_arn: str) -> str:
    """The policy of a new topic in AWS: the topic's account can use it."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:Receive"],
        "Resource": topic_arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": topic_arn.split(":")[4]}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})
