"""The table `profiles` as analysts change it: read, changed if nobody else did meanwhile, and queried."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from functions.common.dynamodb.client import Item, RefusedWriteError, StoreBusyError, read_one, write_all
from functions.common.runtime.clock import Sleep, pause
from terminal.aws_errors import told_to_users
from terminal.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ATTEMPTS = 10

T = TypeVar("T")
Write = Mapping[str, Any]
"""A write of TransactWriteItems without the table: {"Put": {…}}."""


class ProfilesTable:
    """`name` is the table's. What is changed is what functions read the next moment."""

    def __init__(self, client: "DynamoDBClient", name: str, sleep: Sleep = time.sleep) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep

    def change(self, key: Item, plan: Callable[[Item | None], tuple[Sequence[Write], T]]) -> T:
        """Make the writes that `plan` says for the item as it is; returns what else it says.

        It is asked again if the writes are refused, because somebody else was first. Raises UserError.
        """
        for attempt in range(_ATTEMPTS):
            if attempt:
                pause(attempt, self._sleep)
            try:
                with told_to_users():
                    writes, outcome = plan(read_one(self._client, self._name, key))
                    if writes:
                        write_all(self._client, [self._named(write) for write in writes])
            except (RefusedWriteError, StoreBusyError):
                continue
            return outcome
        raise UserError(
            "The table of profiles is busy or does not answer.", "Say the same again in a moment."
        )

    def entries(self, subject: str, *, newest_first: bool = False) -> Iterator[Item]:
        """All items of a subject, in the order of their parts. Raises UserError."""
        query: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": "subject = :subject",
            "ExpressionAttributeValues": {":subject": {"S": subject}},
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
        }
        while True:
            with told_to_users():
                page = self._client.query(**query)
            yield from page["Items"]
            if not (last := page.get("LastEvaluatedKey")):
                return
            query["ExclusiveStartKey"] = last

    def _named(self, write: Write) -> Write:
        return {kind: {"TableName": self._name, **what} for kind, what in write.items()}
