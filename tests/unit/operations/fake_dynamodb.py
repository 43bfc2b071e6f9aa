"""A DynamoDB table in memory that supports the expressions of the review tasks."""

import re
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

Item = dict[str, Any]


def cancelled(*codes: str) -> ClientError:
    response: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    return ClientError(response, "TransactWriteItems")


def denied(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not allowed"}}, operation)


@dataclass
class FakeTable:
    """One table with the keys `hash_key` and `sort_key`, read in pages of `page_size` items.

    `before_write` is called before each transaction, like a concurrent writer.
    """

    hash_key: str = "subject"
    sort_key: str = "part"
    page_size: int = 100
    items: list[Item] = field(default_factory=list)
    before_write: Callable[[], None] = lambda: None
    errors: list[ClientError] = field(default_factory=list)
    writes: int = 0

    def item(self, key: Item) -> Item | None:
        return next((item for item in self.items if self._key(item) == self._key(key)), None)

    def get_item(self, *, Key: Item, **_: Any) -> dict[str, Any]:  # noqa: N803
        item = self.item(Key)
        return {"Item": deepcopy(item)} if item else {}

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        [(table, request)] = RequestItems.items()
        items = [self.item(key) for key in request["Keys"]]
        return {"Responses": {table: [deepcopy(item) for item in items if item]}}

    def query(self, **request: Any) -> dict[str, Any]:
        [value] = [value for name, value in request["ExpressionAttributeValues"].items() if name != ":guard"]
        guard = request["ExpressionAttributeValues"].get(":guard")
        items = [
            item
            for item in self.items
            if item[self.hash_key] == value and (not guard or int(item[self.sort_key]["N"]) > int(guard["N"]))
        ]
        items.sort(key=self._key, reverse=not request.get("ScanIndexForward", True))
        return self._page(items, request, lambda _: True)

    def scan(self, **request: Any) -> dict[str, Any]:
        since = int(request["ExpressionAttributeValues"][":since"]["N"])
        return self._page(
            self.items,
            request,
            lambda item: "decision" in item and int(item["received_at"]["N"]) >= since,
        )

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.writes += 1
        self.before_write()
        if self.errors:
            raise self.errors.pop(0)
        operations = [(kind, fields) for write in TransactItems for kind, fields in write.items()]
        results = [self._holds(fields) for _, fields in operations]
        if not all(results):
            raise cancelled(*("None" if holds else "ConditionalCheckFailed" for holds in results))
        for kind, fields in operations:
            self._write(kind, fields)
        return {}

    def _write(self, kind: str, fields: dict[str, Any]) -> None:
        before = self.item(fields.get("Key") or fields["Item"])
        if before:
            self.items.remove(before)
        if kind == "Put":
            self.items.append(deepcopy(fields["Item"]))
        elif kind == "Update":
            self.items.append(_updated(before or dict(fields["Key"]), fields))

    def _holds(self, fields: dict[str, Any]) -> bool:
        item = self.item(fields.get("Key") or fields["Item"]) or {}
        conditions = fields.get("ConditionExpression", "").split(" AND ")
        return all(_holds(condition, item, fields) for condition in conditions if condition)

    def _page(self, items: Iterable[Item], request: Any, fits: Callable[[Item], bool]) -> dict[str, Any]:
        rest = list(items)
        if last := request.get("ExclusiveStartKey"):
            rest = rest[[self._key(item) for item in rest].index(self._key(last)) + 1 :]
        page, more = rest[: self.page_size], len(rest) > self.page_size
        answer: dict[str, Any] = {"Items": [item for item in page if fits(item)], "ScannedCount": len(page)}
        return answer | ({"LastEvaluatedKey": page[-1]} if more else {})

    def _key(self, item: Item) -> tuple[str, str]:
        (_, first), (_, second) = *item[self.hash_key].items(), *item[self.sort_key].items()
        return first, second


def _updated(item: Item, fields: dict[str, Any]) -> Item:
    values = fields["ExpressionAttributeValues"]
    sets, _, removes = fields["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
    for assignment in re.split(r", (?![^(]*\))", sets):
        name, _, value = assignment.partition(" = ")
        if value.startswith("if_not_exists"):
            now = int(item.get("version", {"N": "0"})["N"])
            item["version"] = {"N": str(now + 1)}
        else:
            item[name] = values[value]
    for name in removes.split(", "):
        item.pop(name, None)
    return item


def _holds(condition: str, item: Item, fields: dict[str, Any]) -> bool:
    if match := re.fullmatch(r"attribute_not_exists\((\w+)\)", condition):
        return match[1] not in item
    name, _, value = condition.partition(" = ")
    return bool(item.get(name) == fields["ExpressionAttributeValues"][value])
