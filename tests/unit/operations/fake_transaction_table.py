"""The table `transactions` in memory, for the requests of `TransactionReader`."""

from collections.abc import Callable
from typing import Any

Item = dict[str, Any]


class FakeTransactionTable:
    """Scans have pages of `page_size` items. `before_look` is called before each batch_get_item."""

    def __init__(self, page_size: int = 100) -> None:
        self.items: list[Item] = []
        self.page_size = page_size
        self.scans = 0
        self.size_bytes = 0
        self.before_look: Callable[[], None] = lambda: None

    def decide(self, *ids: str) -> None:
        for item in self.items:
            if item["transaction_id"]["S"] in ids:
                item["decision"] = {"S": "{}"}

    def describe_table(self, **_: Any) -> dict[str, Any]:
        return {"Table": {"ItemCount": len(self.items), "TableSizeBytes": self.size_bytes}}

    def scan(self, **request: Any) -> dict[str, Any]:
        self.scans += 1
        values = {name: int(value["N"]) for name, value in request["ExpressionAttributeValues"].items()}
        mine = self.items[request["Segment"] :: request["TotalSegments"]]
        start = request.get("ExclusiveStartKey", 0)
        page = mine[start : start + self.page_size]
        fitting = [item for item in page if _fits(item, values, request["FilterExpression"])]
        more = start + self.page_size < len(mine)
        answer: dict[str, Any] = {"Items": fitting, "ScannedCount": len(page)}
        return answer | ({"LastEvaluatedKey": start + self.page_size} if more else {})

    def query(self, *, ExpressionAttributeValues: Item, **_: Any) -> dict[str, Any]:  # noqa: N803
        ids = ExpressionAttributeValues[":id"]
        return {"Items": [item for item in self.items if item["transaction_id"] == ids]}

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        self.before_look()
        [(table, request)] = RequestItems.items()
        assert len(request["Keys"]) <= 100
        ids = [key["transaction_id"] for key in request["Keys"]]
        return {"Responses": {table: [item for item in self.items if item["transaction_id"] in ids]}}


def _fits(item: Item, values: dict[str, int], expression: str) -> bool:
    return (
        ("decision" not in item or "attribute_not_exists(decision)" not in expression)
        and ("account_id" in item or "attribute_exists(account_id)" not in expression)
        and values[":since"] <= int(item["received_at"]["N"]) <= values[":until"]
        and int(item["expires_at"]["N"]) > values[":now"]
    )
