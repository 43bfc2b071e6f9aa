"""SNS: topics, their policies and subscriptions."""

import json
from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.properties import Property
from local.plugin.resource import REGION, TAGS, Resource
from local.plugin.values import Plain, Props


class _SnsResource(Resource):
    @property
    def _sns(self) -> Any:
        return self.aws.client("sns")


_TOPIC = {
    "displayName": Property(api="DisplayName"),
    "kmsMasterKeyId": Property(api="KmsMasterKeyId"),
    "signatureVersion": Property(computed=True, api="SignatureVersion"),
    "tracingConfig": Property(computed=True, api="TracingConfig"),
    "deliveryPolicy": Property(document="json", api="DeliveryPolicy"),
    # A separate resource type exists, so a topic without a declared policy does not change it.
    "policy": Property(computed=True, document="policy", api="Policy"),
}


class Topic(_SnsResource):
    """A standard topic; its id is its ARN."""

    pulumi_type = "aws:sns/topic:Topic"
    identity = ("name",)
    properties: ClassVar = {
        **REGION,
        **TAGS,
        **_TOPIC,
        "name": Property(autoname=True, replace=True),
        "fifoTopic": Property(False, only=(False,)),
    }

    def create(self, inputs: Props) -> str:
        attributes = {p.api: str(inputs[name]) for name, p in _TOPIC.items() if inputs.get(name)}
        response = self._sns.create_topic(
            Name=inputs["name"], Attributes=attributes, Tags=tags.to_list(inputs["tags"])
        )
        return str(response["TopicArn"])

    def read(self, resource_id: str, state: Props) -> Props:
        response = self._sns.get_topic_attributes(TopicArn=resource_id)["Attributes"]
        outputs: Props = {name: response.get(p.api) or None for name, p in _TOPIC.items()}
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
            "tags": tags.from_list(self._sns.list_tags_for_resource(ResourceArn=resource_id).get("Tags")),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        for name in sorted(changed & _TOPIC.keys()):
            if name not in new and _TOPIC[name].computed:
                continue
            self._sns.set_topic_attributes(
                TopicArn=resource_id, AttributeName=_TOPIC[name].api, AttributeValue=str(new.get(name, ""))
            )
        tags.update_tags(
            old["tags"],
            new["tags"],
            put=lambda added: self._sns.tag_resource(ResourceArn=resource_id, Tags=tags.to_list(added)),
            remove=lambda names: self._sns.untag_resource(ResourceArn=resource_id, TagKeys=names),
        )

    def delete(self, resource_id: str, state: Props) -> None:
        self._sns.delete_topic(TopicArn=resource_id)


class TopicPolicy(_SnsResource):
    """The access policy of a topic; its id is the topic's ARN."""

    pulumi_type = "aws:sns/topicPolicy:TopicPolicy"
    identity = ("arn",)
    properties: ClassVar = {
        **REGION,
        "arn": Property(required=True, replace=True),
        "policy": Property(required=True, document="policy"),
    }

    def create(self, inputs: Props) -> str:
        self._put(inputs["arn"], inputs["policy"])
        return str(inputs["arn"])

    def read(self, resource_id: str, state: Props) -> Props:
        attributes = self._sns.get_topic_attributes(TopicArn=resource_id)["Attributes"]
        return {"arn": resource_id, "owner": attributes["Owner"], "policy": attributes["Policy"]}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self._put(resource_id, new["policy"])

    def delete(self, resource_id: str, state: Props) -> None:
        self._put(resource_id, _default_policy(resource_id))

    def _put(self, arn: str, policy: str) -> None:
        self._sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


_SUBSCRIPTION = {
    "filterPolicy": Property(document="json", api="FilterPolicy"),
    "filterPolicyScope": Property(computed=True, api="FilterPolicyScope"),
    "rawMessageDelivery": Property(False, api="RawMessageDelivery"),
    "redrivePolicy": Property(document="json", api="RedrivePolicy"),
    "deliveryPolicy": Property(document="json", api="DeliveryPolicy"),
}


class TopicSubscription(_SnsResource):
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
        response = self._sns.subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            Attributes={
                p.api: _to_text(inputs[name]) for name, p in _SUBSCRIPTION.items() if inputs.get(name)
            },
            ReturnSubscriptionArn=True,
        )
        return str(response["SubscriptionArn"])

    def read(self, resource_id: str, state: Props) -> Props:
        response = self._sns.get_subscription_attributes(SubscriptionArn=resource_id)["Attributes"]
        return {
            **{name: response.get(p.api) or None for name, p in _SUBSCRIPTION.items()},
            "arn": resource_id,
            "topic": response["TopicArn"],
            "protocol": response["Protocol"],
            "endpoint": response["Endpoint"],
            "ownerId": response["Owner"],
            "rawMessageDelivery": response.get("RawMessageDelivery") == "true",
            "pendingConfirmation": response.get("PendingConfirmation") == "true",
            "confirmationWasAuthenticated": response.get("ConfirmationWasAuthenticated") == "true",
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        for name in sorted(changed & _SUBSCRIPTION.keys()):
            if name not in new and _SUBSCRIPTION[name].computed:
                continue
            self._sns.set_subscription_attributes(
                SubscriptionArn=resource_id,
                AttributeName=_SUBSCRIPTION[name].api,
                AttributeValue=_to_text(new.get(name)),
            )

    def delete(self, resource_id: str, state: Props) -> None:
        self._sns.unsubscribe(SubscriptionArn=resource_id)


def _to_text(value: Plain) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


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


RESOURCES = (Topic, TopicPolicy, TopicSubscription)
