"""DynamoDB in memory for the functions, with the conditions and transactions of the virtual AWS."""

import itertools
import threading
from collections.abc import Callable
from typing import Any, cast

from botocore.exceptions import ReadTimeoutError

from benchmarks.virtual_aws.database import Database, KeySchema

TRANSACTIONS, PROFILES = "transactions", "profiles"


class InMemoryDynamoDb:
    """The operations of botocore's client that the functions use, and direct access to the items.

    `calls` are the names of the operations. `before_write` is called before each write. `faults` maps the
    number of a write, counted from 0, to "before" or "after": the function loses its connection before the
    write takes effect, or after it.
    """

    def __init__(self) -> None:
        # A second passes in each call, so that no key is ever throttled.
        seconds = itertools.count()
        self.database = Database(
            {TRANSACTIONS: KeySchema("transaction_id", "timestamp"), PROFILES: KeySchema("subject", "part")},
            lambda: float(next(seconds)),
        )
        self.calls: list[str] = []
        self.before_write: Callable[[], None] = lambda: None
        self.faults: dict[int, str] = {}
        self._writes = 0
        self._lock = threading.RLock()

    @property
    def client(self) -> Any:
        return cast(Any, self)

    def get_item(self, *, TableName: str, Key: dict[str, Any], **_: object) -> dict[str, Any]:  # noqa: N803
        with self._lock:
            self.calls.append("GetItem")
            item = self.database.read(TableName, Key)
        return {"Item": item} if item else {}

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        with self._lock:
            self.calls.append("BatchGetItem")
            responses = {
                table: [item for key in fields["Keys"] if (item := self.database.read(table, key))]
                for table, fields in RequestItems.items()
            }
        return {"Responses": responses, "UnprocessedKeys": {}}

    def put_item(self, **fields: Any) -> dict[str, Any]:
        return self._write("PutItem", lambda: self.database.write("Put", fields))

    def update_item(self, **fields: Any) -> dict[str, Any]:
        return self._write("UpdateItem", lambda: self.database.write("Update", fields))

    def transact_write_items(self, *, TransactItems: list[Any], **_: object) -> dict[str, Any]:  # noqa: N803
        return self._write("TransactWriteItems", lambda: self._commit(TransactItems))

    def _commit(self, items: list[Any]) -> dict[str, Any]:
        self.database.commit(self.database.begin(items))
        return {}

    def _write(self, operation: str, perform: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        self.before_write()
        with self._lock:
            self.calls.append(operation)
            fault = self.faults.pop(self._writes, None)
            self._writes += 1
            if fault == "before":
                raise ReadTimeoutError(endpoint_url="https://dynamodb")
            response = perform()
        if fault == "after":
            raise ReadTimeoutError(endpoint_url="https://dynamodb")
        return response
