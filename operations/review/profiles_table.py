"""Conditional changes and queries of the table `profiles`."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from functions.common.dynamodb.client import Item, RefusedWriteError, StoreBusyError, read_item, write_items
from functions.common.runtime.clock import Sleep, back_off
from terminal.aws_errors import translate_aws_errors
from terminal.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ATTEMPTS = 10

T = TypeVar("T")
Write = Mapping[str, Any]
"""An entry of TransactWriteItems without the table name, such as {"Put": {"Item": {}}}."""


class ProfilesTableClient:
    """Changes the table with the name `name`. Functions read a change with the next transaction."""

    def __init__(self, client: "DynamoDBClient", name: str, sleep: Sleep = time.sleep) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep

    def change(self, key: Item, plan: Callable[[Item | None], tuple[Sequence[Write], T]]) -> T:
        """Read an item, make the writes that `plan` returns for it, and return the plan's result.

        If another writer changed the item in between, read and plan again. Raises UserError.
        """
        for attempt in range(_ATTEMPTS):
            if attempt:
                back_off(attempt, self._sleep)
            try:
                with translate_aws_errors():
                    writes, result = plan(read_item(self._client, self._name, key))
                    if writes:
                        write_items(self._client, [self._add_table_name(write) for write in writes])
            except (RefusedWriteError, StoreBusyError):
                continue
            return result
        raise UserError(
            f"The table {self._name} is busy: {_ATTEMPTS} attempts failed.", "Try again in a minute."
        )

    def entries(self, subject: str, *, newest_first: bool = False) -> Iterator[Item]:
        """Yield the items of a subject in the order of their parts. Raises UserError."""
        query: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": "subject = :subject",
            "ExpressionAttributeValues": {":subject": {"S": subject}},
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
        }
        while True:
            with translate_aws_errors():
                page = self._client.query(**query)
            yield from page["Items"]
            if not (last := page.get("LastEvaluatedKey")):
                return
            query["ExclusiveStartKey"] = last

    def _add_table_name(self, write: Write) -> Write:
        return {kind: {"TableName": self._name, **fields} for kind, fields in write.items()}
