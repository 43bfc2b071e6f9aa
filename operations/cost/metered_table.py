"""DynamoDB in memory, with the request units of each call.

It serves the functions' own code, so that a changed request changes the units. Conditions always hold. A call
or an expression that it does not support is an error instead of a request without cost.

Units: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
Sizes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

_WRITE_UNIT_BYTES = 1024
_READ_UNIT_BYTES = 4096
_TRANSACTION_FACTOR = 2
_CONTAINER_BYTES = 3
_CLAUSES = re.compile(r"\b(SET|REMOVE|ADD)\b")
_COMMA = re.compile(r",(?![^()]*\))")
_IF_NOT_EXISTS = re.compile(r"if_not_exists\s*\(\s*([^,\s]+)\s*,\s*([^)\s]+)\s*\)")

Item = dict[str, Any]


class RequestUnits(NamedTuple):
    """The units that a call consumes of one item. `key`: the item's key as JSON."""

    operation: str
    table: str
    write_units: float
    read_units: float
    key: str = ""


class MeteredDynamoDb:
    """The calls of a DynamoDB client on `items`, by table and key. `requests`: the units of all calls.

    `keys`: the names of the key attributes of each table.
    """

    def __init__(self, keys: Mapping[str, Sequence[str]]) -> None:
        self.items: dict[tuple[str, str], Item] = {}
        self.requests: list[RequestUnits] = []
        self._keys = keys

    def put_item(self, *, TableName: str, Item: Item, **_: Any) -> dict[str, Any]:  # noqa: N803
        self._write("PutItem", TableName, Item, Item, 1)
        return {}

    def update_item(self, *, TableName: str, Key: Item, **update: Any) -> dict[str, Any]:  # noqa: N803
        before = self.find_item(TableName, Key)
        self._write("UpdateItem", TableName, Key, self._apply_update(TableName, Key, update), 1)
        # Returning the item is free.
        return {"Attributes": before} if before and update.get("ReturnValues") == "ALL_OLD" else {}

    def transact_write_items(self, *, TransactItems: Sequence[Item], **_: Any) -> dict[str, Any]:  # noqa: N803
        for entry in TransactItems:
            ((kind, write),) = entry.items()
            if kind == "Put":
                key = after = write["Item"]
            elif kind == "Update":
                key, after = write["Key"], self._apply_update(write["TableName"], write["Key"], write)
            else:
                raise NotImplementedError(f"TransactWriteItems: {kind}")
            self._write("TransactWriteItems", write["TableName"], key, after, _TRANSACTION_FACTOR)
        return {}

    def get_item(
        self,
        *,
        TableName: str,  # noqa: N803
        Key: Item,  # noqa: N803
        ConsistentRead: bool = False,  # noqa: N803
    ) -> dict[str, Any]:
        item = self._read("GetItem", TableName, Key, consistent=ConsistentRead)
        return {} if item is None else {"Item": item}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803
        responses: dict[str, list[Item]] = {}
        for table, request in RequestItems.items():
            consistent = request.get("ConsistentRead", False)
            found = [self._read("BatchGetItem", table, key, consistent=consistent) for key in request["Keys"]]
            responses[table] = [item for item in found if item is not None]
        return {"Responses": responses, "UnprocessedKeys": {}}

    def find_item(self, table: str, key: Mapping[str, Any]) -> Item | None:
        """The item with that key, without a call."""
        return self.items.get(self._identify(table, key))

    def identify(self, table: str, key: Mapping[str, Any]) -> str:
        """The key of an item as in the requests."""
        return self._identify(table, key)[1]

    def _write(self, operation: str, table: str, key: Item, after: Item, factor: int) -> None:
        identity = self._identify(table, key)
        size = max(measure_item(after), measure_item(self.items.get(identity, {})))
        self.items[identity] = after
        self.requests.append(
            RequestUnits(operation, table, factor * _count_units(size, _WRITE_UNIT_BYTES), 0, identity[1])
        )

    def _read(self, operation: str, table: str, key: Item, *, consistent: bool) -> Item | None:
        item, key_text = self.find_item(table, key), self.identify(table, key)
        # Reading an item that does not exist costs the minimum.
        units = _count_units(measure_item(item or {}), _READ_UNIT_BYTES)
        self.requests.append(RequestUnits(operation, table, 0, units if consistent else units / 2, key_text))
        return item

    def _apply_update(self, table: str, key: Item, update: Mapping[str, Any]) -> Item:
        before = self.find_item(table, key) or dict(key)
        return apply_update(before, update)

    def _identify(self, table: str, item: Mapping[str, Any]) -> tuple[str, str]:
        return table, json.dumps([item[name] for name in self._keys[table]], sort_keys=True)


def apply_update(item: Item, update: Mapping[str, Any]) -> Item:
    """The item after an UpdateItem request. Raises NotImplementedError for an unsupported expression."""
    names, values = update.get("ExpressionAttributeNames", {}), update.get("ExpressionAttributeValues", {})
    after = dict(item)
    for clause, action in _split_expression(update["UpdateExpression"]):
        if clause == "REMOVE":
            after.pop(names.get(action, action), None)
        elif clause == "ADD":
            name, placeholder = action.split()
            name = names.get(name, name)
            after[name] = _add(after.get(name), values[placeholder])
        else:
            name, operand = (part.strip() for part in action.split("=", 1))
            after[names.get(name, name)] = _evaluate(operand, item, names, values)
    return after


def _split_expression(expression: str) -> Iterator[tuple[str, str]]:
    """The actions of an update expression, each with its clause."""
    parts = _CLAUSES.split(expression)
    if parts[0].strip():
        raise NotImplementedError(f"UpdateExpression: {expression}")
    for clause, actions in zip(parts[1::2], parts[2::2], strict=True):
        for action in _COMMA.split(actions):
            yield clause, action.strip()


def _evaluate(operand: str, item: Item, names: Mapping[str, str], values: Mapping[str, Any]) -> Any:
    """The value of an operand: a placeholder, an attribute, if_not_exists, or the sum of two of these."""
    terms = [term.strip() for term in operand.split("+")]
    if len(terms) == 2:  # noqa: PLR2004
        first, second = (_evaluate(term, item, names, values) for term in terms)
        return _add(first, second)
    if match := _IF_NOT_EXISTS.fullmatch(operand):
        name = names.get(match[1], match[1])
        return item[name] if name in item else values[match[2]]
    if operand.startswith(":"):
        return values[operand]
    name = names.get(operand, operand)
    if name not in item:
        raise NotImplementedError(f"UpdateExpression: {operand}")
    return item[name]


def _add(first: Any, second: Any) -> Any:
    if "N" not in second:
        raise NotImplementedError("UpdateExpression: ADD of a set")
    return {"N": str(Decimal((first or {"N": "0"})["N"]) + Decimal(second["N"]))}


def measure_item(item: Mapping[str, Any]) -> int:
    """The size of an item in bytes, as DynamoDB counts it for units."""
    return sum(len(name.encode()) + _measure_value(value) for name, value in item.items())


def _measure_value(typed: Mapping[str, Any]) -> int:
    ((kind, value),) = typed.items()
    if kind in _MEASURES:
        return _MEASURES[kind](value)
    if kind == "L":
        return _CONTAINER_BYTES + sum(1 + _measure_value(element) for element in value)
    if kind == "M":
        return _CONTAINER_BYTES + len(value) + measure_item(value)
    # A set of strings, numbers or binary values.
    return sum(_MEASURES[kind[0]](element) for element in value)


def _measure_number(text: str) -> int:
    """One byte for two significant digits, and one more; one more for a negative number."""
    number = Decimal(text).normalize()
    digits = len(number.as_tuple().digits)
    return -(-digits // 2) + 1 + (number < 0)


_MEASURES: Mapping[str, Callable[[Any], int]] = {
    "S": lambda text: len(text.encode()),
    "B": len,
    "N": _measure_number,
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
}


def _count_units(size: int, unit_bytes: int) -> int:
    return max(-(-size // unit_bytes), 1)
