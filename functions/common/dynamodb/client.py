"""Calls of DynamoDB that more than one function makes: reading items at once, writing all of some or none."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004  # botocore's name

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = Mapping[str, Any]
"""Attribute values as DynamoDB types them: {"amount": {"N": "12.5"}}."""

_FAILED_CONDITION = "ConditionalCheckFailed"
_FAILED_CONDITION_OF_ONE = "ConditionalCheckFailedException"
# Another write to the same item is under way; who of us came first is known a moment later.
_CONFLICTS = frozenset(
    {"TransactionConflict", "TransactionConflictException", "TransactionInProgressException"}
)
_OVERLOADED = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ThrottlingError",
        "ThrottlingException",
    }
)
_READS = 4


class StoreBusyError(Exception):
    """The table cannot take it now; the same attempt can succeed a moment later."""


class RefusedWriteError(Exception):
    """Nothing was written. `held`: what stood in the way, by the place of each write whose condition failed.

    Where it is empty another write was under way, and the same attempt can succeed a moment later.
    """

    def __init__(self, held: Mapping[int, Item]) -> None:
        super().__init__("a condition failed" if held else "another write is under way")
        self.held = held


def write_all(client: "DynamoDBClient", writes: Sequence[Mapping[str, Any]]) -> None:
    """Make all writes, such as {"Update": {…}}, or none.

    Raises RefusedWriteError or StoreBusyError, or botocore's ClientError for what would be refused again.
    """
    with _told_apart():
        client.transact_write_items(TransactItems=list(writes))  # type: ignore[arg-type]  # plain mappings


def update_one(
    client: "DynamoDBClient", table: str, key: Item, *, update: str, condition: str, values: Item
) -> None:
    """Update one item by expressions if the condition holds.

    Raises RefusedWriteError with the item, empty if there is none, at place 0, StoreBusyError or ClientError.
    """
    try:
        with _told_apart():
            client.update_item(
                TableName=table,
                Key=key,
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
    except ClientError as error:
        response: Mapping[str, Any] = error.response
        if response.get("Error", {}).get("Code") != _FAILED_CONDITION_OF_ONE:
            raise
        raise RefusedWriteError({0: response.get("Item", {})}) from error


def read_all(client: "DynamoDBClient", table: str, keys: Sequence[Item]) -> list[Item]:
    """The items with these keys, in any order, as they are now; those that do not exist are left out.

    One request, unless DynamoDB gives less than was asked for. Raises StoreBusyError or ClientError.
    """
    found: list[Item] = []
    wanted: Any = {table: {"Keys": list(keys), "ConsistentRead": True}}
    for _ in range(_READS):
        with _told_apart():
            answer = client.batch_get_item(RequestItems=wanted)
        found += answer["Responses"].get(table, [])
        wanted = answer.get("UnprocessedKeys")
        if not wanted:
            return found
    raise StoreBusyError


def read_one(client: "DynamoDBClient", table: str, key: Item) -> Item | None:
    """The item with this key, as it is now, or None. Raises StoreBusyError or ClientError."""
    with _told_apart():
        return client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")


@contextmanager
def _told_apart() -> Iterator[None]:
    """Raises what a call failed with as what it means to the caller."""
    try:
        yield
    except ClientError as error:
        response: Mapping[str, Any] = error.response
        reasons = response.get("CancellationReasons", [])
        codes = {response.get("Error", {}).get("Code"), *(reason.get("Code") for reason in reasons)}
        held = {
            place: reason.get("Item", {})
            for place, reason in enumerate(reasons)
            if reason.get("Code") == _FAILED_CONDITION
        }
        if held or codes & _CONFLICTS:
            raise RefusedWriteError(held) from error
        if codes & _OVERLOADED:
            raise StoreBusyError from error
        raise
    except (ConnectionError, HTTPClientError) as error:
        raise StoreBusyError from error
