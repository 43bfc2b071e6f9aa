"""DynamoDB calls that the functions share: consistent reads, conditional writes and transactions."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004  # botocore's name

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = Mapping[str, Any]
"""DynamoDB-typed attributes: {"amount": {"N": "12.5"}}."""

_FAILED_CONDITION = "ConditionalCheckFailed"
_FAILED_WRITE_CONDITION = "ConditionalCheckFailedException"
# Another write to the same item is in progress.
_CONFLICTS = frozenset(
    {"TransactionConflict", "TransactionConflictException", "TransactionInProgressException"}
)
_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingError",
        "ThrottlingException",
    }
)
_OVERLOADED = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
    }
)
_MAX_READS = 4


class StoreBusyError(Exception):
    """The table is overloaded or unreachable, or writes conflict. A later attempt can succeed.

    The SDK has repeated the call by then. `api` and `labels` respond with 503 and `Retry-After`. `fraud`
    fails: Lambda invokes it again, and then the queue `fraud-retry` does. `notify` gets its message again.
    """


class ThrottledError(StoreBusyError):
    """DynamoDB throttled each attempt: the key or the table receives more requests than it accepts."""


class TransactionNotFoundError(Exception):
    """The transaction is not in the table: it never existed, expired or was erased. Nothing was written."""


class RefusedWriteError(Exception):
    """Nothing was written.

    `existing_items` maps the position of each write whose condition failed to the item that failed it. If it
    is empty, another write was in progress, and a later attempt can succeed.
    """

    def __init__(self, existing_items: Mapping[int, Item]) -> None:
        super().__init__("a condition failed" if existing_items else "another write is in progress")
        self.existing_items = existing_items


def write_items(client: "DynamoDBClient", writes: Sequence[Mapping[str, Any]]) -> None:
    """Perform all writes, such as {"Update": {…}}, in one transaction.

    Raises RefusedWriteError or StoreBusyError, or botocore's ClientError if a retry would fail too.
    """
    with _translate_errors():
        client.transact_write_items(TransactItems=list(writes))  # type: ignore[arg-type]  # plain mappings


def put_item(client: "DynamoDBClient", table: str, item: Item, *, condition: str) -> None:
    """Put an item if the condition holds for the existing item with its key.

    Raises StoreBusyError, ClientError, or RefusedWriteError with the existing item at position 0.
    """
    with _translate_failed_condition(), _translate_errors():
        client.put_item(
            TableName=table,
            Item=item,
            ConditionExpression=condition,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )


def update_item(
    client: "DynamoDBClient", table: str, key: Item, *, update: str, condition: str, values: Item
) -> None:
    """Update an item if the condition holds.

    Raises StoreBusyError, ClientError, or RefusedWriteError with the existing item at position 0, which is
    empty if the item does not exist.
    """
    write_update(
        client,
        {
            "TableName": table,
            "Key": key,
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        },
    )


def write_update(client: "DynamoDBClient", update: Mapping[str, Any]) -> None:
    """Perform an update with a condition, such as `profile_items.build_update` returns.

    Raises StoreBusyError, ClientError, or RefusedWriteError. Its item is empty unless the update asks for it.
    """
    with _translate_failed_condition(), _translate_errors():
        client.update_item(**update)


def update_and_read(client: "DynamoDBClient", update: Mapping[str, Any]) -> Item:
    """Perform an update if its condition holds. Returns the item before it, empty if it did not exist.

    Returning the item costs no read. Raises StoreBusyError, ThrottledError or ClientError.
    """
    try:
        with _translate_failed_condition(), _translate_errors():
            response = client.update_item(
                **update, ReturnValues="ALL_OLD", ReturnValuesOnConditionCheckFailure="ALL_OLD"
            )
            return response.get("Attributes", {})
    except RefusedWriteError as refused:
        if not refused.existing_items:
            raise StoreBusyError from refused
        return refused.existing_items[0]


def read_items(
    client: "DynamoDBClient", table: str, keys: Sequence[Item], *, consistent: bool = True
) -> list[Item]:
    """Read the items with these keys. Missing items are left out; the order is undefined.

    An eventually consistent read costs half, and may return an item as it was a moment before the last write.
    Sends one request, and more only if DynamoDB leaves keys unprocessed.

    Raises StoreBusyError or ClientError.
    """
    items: list[Item] = []
    request: Any = {table: {"Keys": list(keys), "ConsistentRead": consistent}}
    for _ in range(_MAX_READS):
        with _translate_errors():
            response = client.batch_get_item(RequestItems=request)
        items += response["Responses"].get(table, [])
        request = response.get("UnprocessedKeys")
        if not request:
            return items
    raise StoreBusyError


def read_item(client: "DynamoDBClient", table: str, key: Item) -> Item | None:
    """Read the item with this key consistently; None if it does not exist.

    Raises StoreBusyError or ClientError.
    """
    with _translate_errors():
        return client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")


def query_items(
    client: "DynamoDBClient", table: str, *, condition: str, values: Item, limit: int | None = None
) -> Iterator[Item]:
    """Read the items of one partition consistently, in the order of their sort key, at most `limit`.

    Raises StoreBusyError or ClientError.
    """
    request: Any = {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": values,
        "ConsistentRead": True,
    }
    while limit is None or limit > 0:
        if limit is not None:
            request["Limit"] = limit
        with _translate_errors():
            page = client.query(**request)
        yield from page["Items"]
        if limit is not None:
            limit -= len(page["Items"])
        request["ExclusiveStartKey"] = page.get("LastEvaluatedKey")
        if not request["ExclusiveStartKey"]:
            return


@contextmanager
def _translate_failed_condition() -> Iterator[None]:
    """Translate the failed condition of a single write into RefusedWriteError, and pass on all others."""
    try:
        yield
    except ClientError as error:
        response: Mapping[str, Any] = error.response
        if response.get("Error", {}).get("Code") != _FAILED_WRITE_CONDITION:
            raise
        raise RefusedWriteError({0: response.get("Item", {})}) from error


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Translate botocore's errors into RefusedWriteError and StoreBusyError, and pass on all others."""
    try:
        yield
    except ClientError as error:
        response: Mapping[str, Any] = error.response
        reasons = response.get("CancellationReasons", [])
        codes = {response.get("Error", {}).get("Code"), *(reason.get("Code") for reason in reasons)}
        existing_items = {
            position: reason.get("Item", {})
            for position, reason in enumerate(reasons)
            if reason.get("Code") == _FAILED_CONDITION
        }
        if existing_items or codes & _CONFLICTS:
            raise RefusedWriteError(existing_items) from error
        if codes & _THROTTLED:
            raise ThrottledError from error
        if codes & _OVERLOADED:
            raise StoreBusyError from error
        raise
    except (ConnectionError, HTTPClientError) as error:
        raise StoreBusyError from error
