"""SNS topics with given subscriptions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class FakeSns:
    """`subscriptions` are (address, ARN) by topic, listed in pages of one."""

    subscriptions: Mapping[str, Sequence[tuple[str, str]]]
    regions: list[str] = field(default_factory=list)
    error: Exception | None = None

    def __call__(self, region: str) -> Any:
        self.regions.append(region)
        return self

    def get_paginator(self, operation: str) -> "FakeSns":
        assert operation == "list_subscriptions_by_topic"
        return self

    def paginate(self, *, TopicArn: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        if self.error:
            raise self.error
        for address, arn in self.subscriptions[TopicArn]:
            yield {"Subscriptions": [{"Endpoint": address, "SubscriptionArn": arn, "Protocol": "email"}]}
