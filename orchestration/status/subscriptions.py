"""Email subscriptions of the pipeline's topics: the addresses without a confirmed subscription."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

SUBSCRIPTION_TYPE = "aws:sns/topicSubscription:TopicSubscription"
RUNBOOK = "docs/runbooks/confirming-a-subscription.md"
# SNS has this instead of an ARN until the address confirms.
_PENDING = "PendingConfirmation"

# Creates an SNS client for a region.
SnsClients = Callable[[str], "SNSClient"]
# Declared addresses by the ARN of their topic.
AddressesByTopic = Mapping[str, frozenset[str]]


class Reason(StrEnum):
    """Reason why an address receives no mail. SNS deletes an unconfirmed subscription after two days."""

    PENDING = "not confirmed"
    MISSING = "not subscribed: the request expired, or the receiver unsubscribed"


@dataclass(frozen=True, order=True)
class Unconfirmed:
    """An address without a confirmed subscription."""

    topic_arn: str
    address: str
    reason: Reason

    @property
    def topic(self) -> str:
        return self.topic_arn.rpartition(":")[2]

    def as_dict(self) -> dict[str, str]:
        return {"topic": self.topic, "address": self.address, "reason": self.reason.name.lower()}


def declared_addresses(states: Iterable[Mapping[str, Any]]) -> AddressesByTopic:
    """Return the email subscriptions in the exported states of all layers."""
    declared: dict[str, set[str]] = {}
    for state in states:
        for resource in state.get("resources") or []:
            inputs = resource.get("inputs") or {}
            if resource["type"] == SUBSCRIPTION_TYPE and inputs.get("protocol") == "email":
                declared.setdefault(inputs["topic"], set()).add(inputs["endpoint"])
    return {topic: frozenset(addresses) for topic, addresses in declared.items()}


def find_unconfirmed(sns: SnsClients, declared: AddressesByTopic) -> list[Unconfirmed]:
    """Return the declared addresses without a confirmed subscription. Raises botocore's errors."""
    return sorted(
        Unconfirmed(topic, address, reason)
        for topic, addresses in declared.items()
        for address, reason in _find_unconfirmed_addresses(sns(topic.split(":")[3]), topic, addresses)
    )


def _find_unconfirmed_addresses(
    sns: "SNSClient", topic: str, addresses: frozenset[str]
) -> Iterable[tuple[str, Reason]]:
    # An address can have several subscriptions, such as a deleted one and a new one.
    arns: dict[str, set[str]] = {}
    for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic):
        for entry in page["Subscriptions"]:
            arns.setdefault(entry["Endpoint"], set()).add(entry["SubscriptionArn"])
    for address in addresses:
        subscriptions = arns.get(address, set())
        if not any(arn.startswith("arn:") for arn in subscriptions):
            yield address, Reason.PENDING if _PENDING in subscriptions else Reason.MISSING
