"""DynamoDB's expressions and item sizes, evaluated by the embedded AWS's code."""

from functools import lru_cache
from typing import Any

from ministack.services import dynamodb  # type: ignore[import-untyped]

Item = dict[str, Any]


def is_condition_met(fields: Item, item: Item | None) -> bool:
    """Whether the `ConditionExpression` of a write, if any, holds for the stored item."""
    condition = fields.get("ConditionExpression")
    if not condition:
        return True
    values, names = _read_placeholders(fields)
    return bool(dynamodb._ExprEval(_tokenize(condition), item or {}, values, names).evaluate())


def apply_update(fields: Item, item: Item) -> Item:
    """A copy of the item with the changes of an `UpdateExpression`."""
    updated, _ = dynamodb._apply_update_expression(
        item, fields["UpdateExpression"], *_read_placeholders(fields)
    )
    return dict(updated)


def compute_size(item: Item) -> int:
    """The size of an item in bytes, as DynamoDB bills it."""
    return int(dynamodb._item_size_bytes(item))


def _read_placeholders(fields: Item) -> tuple[Item, Item]:
    return fields.get("ExpressionAttributeValues", {}), fields.get("ExpressionAttributeNames", {})


@lru_cache(maxsize=256)
def _tokenize(condition: str) -> Any:
    error = dynamodb._condition_syntax_error(condition, "ConditionExpression")
    if error:
        raise ValueError(error)
    return dynamodb._tokenize(condition)
