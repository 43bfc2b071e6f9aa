"""Email subscriptions of the pipeline's topics: which addresses receive no mail, and why."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

SUBSCRIPTION_TYPE = "aws:sns/topicSubscription:TopicSubscription"
RUNBOOK = "docs/runbooks/confirming-a-subscription.md"
# SNS gives this instead of an ARN until the address confirms.
_PENDING = "PendingConfirmation"

# A client of SNS for a region.
SnsClients = Callable[[str], "SNSClient"]
# The addresses that are to be subscribed, by the ARN of their topic.
Addresses = Mapping[str, frozenset[str]]


class Reason(StrEnum):
    """Why an address receives nothing. SNS forgets a subscription that is not confirmed within two days."""

    PENDING = "not confirmed"
    MISSING = "not subscribed: the request expired, or the receiver unsubscribed"


@dataclass(frozen=True, order=True)
class Unconfirmed:
    """An address that a topic does not reach."""

    topic_arn: str
    address: str
    reason: Reason

    @property
    def topic(self) -> str:
        """The name of the topic."""
        return self.topic_arn.rpartition(":")[2]

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {"topic": self.topic, "address": self.address, "reason": self.reason.name.lower()}


def declared_addresses(states: Iterable[Mapping[str, Any]]) -> Addresses:
    """The email subscriptions in exported Pulumi states, whichever layer declares them."""
    found: dict[str, set[str]] = {}
    for state in states:
        for resource in state.get("resources") or []:
            inputs = resource.get("inputs") or {}
            if resource["type"] == SUBSCRIPTION_TYPE and inputs.get("protocol") == "email":
                found.setdefault(inputs["topic"], set()).add(inputs["endpoint"])
    return {topic: frozenset(addresses) for topic, addresses in found.items()}


def find_unconfirmed(sns: SnsClients, declared: Addresses) -> list[Unconfirmed]:
    """The declared addresses that have no confirmed subscription, by topic. Raises botocore's errors."""
    return sorted(
        Unconfirmed(topic, address, reason)
        for topic, addresses in declared.items()
        for address, reason in _unreached(sns(topic.split(":")[3]), topic, addresses)
    )


def _unreached(sns: "SNSClient", topic: str, addresses: frozenset[str]) -> Iterable[tuple[str, Reason]]:
    # An address can have several entries, such as a deleted one and its successor.
    arns: dict[str, set[str]] = {}
    for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic):
        for entry in page["Subscriptions"]:
            arns.setdefault(entry["Endpoint"], set()).add(entry["SubscriptionArn"])
    for address in addresses:
        found = arns.get(address, set())
        if not any(arn.startswith("arn:") for arn in found):
            yield address, Reason.PENDING if _PENDING in found else Reason.MISSING
