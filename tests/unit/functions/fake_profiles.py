"""The items of suspicious decisions in the table `profiles`, and their queries."""

from typing import Any

from functions.common.domain.suspicious_decision import SuspiciousDecision
from functions.common.dynamodb.suspicious_items import build_suspicious_update

ACCOUNT = "account-123456789"


class FakeProfiles:
    """The suspicious decisions of ACCOUNT, and the query for a range of their sort keys in pages of two."""

    def __init__(self, *entries: SuspiciousDecision) -> None:
        self.items: list[dict[str, Any]] = []
        for entry in entries:
            update = build_suspicious_update("profiles", ACCOUNT, entry)
            values = update["ExpressionAttributeValues"]
            self.items.append(
                {**update["Key"], "decision": values[":decision"], "expires_at": values[":expires"]}
            )
        self.items.sort(key=lambda item: item["part"]["S"])

    def query(self, **request: Any) -> dict[str, Any]:
        assert request["KeyConditionExpression"] == "subject = :subject AND part BETWEEN :first AND :last"
        subject, first, last = (value["S"] for value in request["ExpressionAttributeValues"].values())
        start = request.get("ExclusiveStartKey") or {"part": {"S": ""}}
        matching = [
            item
            for item in self.items
            if item["subject"]["S"] == subject
            and first <= item["part"]["S"] <= last
            and item["part"]["S"] > start["part"]["S"]
        ]
        page = matching[: min(request.get("Limit", 2), 2)]
        return {"Items": page, **({"LastEvaluatedKey": page[-1]} if len(matching) > len(page) else {})}
