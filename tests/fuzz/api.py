"""The entry points of the functions `api` and `labels` in this process, with tables in memory."""

import importlib
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, NamedTuple

import pytest

from functions.api.transaction_store import TransactionStore
from functions.common.domain.time_buckets import DAY_MS
from functions.common.runtime import aws_clients, clock
from tests.fuzz.values import STORED_ID
from tests.unit.functions.builders import NOW, transaction
from tests.unit.functions.in_memory_dynamodb import PROFILES, TRANSACTIONS, InMemoryDynamoDb

_ENVIRONMENT = {
    "TABLE_NAME": TRANSACTIONS,
    "PROFILES_TABLE_NAME": PROFILES,
    "RETENTION_DAYS": "400",
    "MAX_TRANSACTION_AGE_DAYS": "30",
    "EXTRA_DECIMALS": "refuse",
}
STORED_AT = NOW - DAY_MS
_HANDLERS = {"labels": "functions.labels.handler"}
_API = "functions.api.handler"


class Answer(NamedTuple):
    """The response to an event, the items before and after it, and the lines of the log."""

    status: int
    headers: dict[str, str]
    text: str
    before: dict[Any, Any]
    after: dict[Any, Any]
    log: str

    def json(self) -> Any:
        return json.loads(self.text)


class Context:
    """Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


class Api:
    """Handles events. Every event meets one stored transaction, which is decided."""

    def __init__(self) -> None:
        self._dynamodb = InMemoryDynamoDb()
        self._handlers: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        """The operations of the current tables, for the functions' client."""
        return getattr(self._dynamodb, name)

    def load(self) -> None:
        for module in (_API, *_HANDLERS.values()):
            self._handlers[module] = importlib.import_module(module).handle

    def reset(self) -> None:
        """Replace the tables."""
        self._dynamodb = InMemoryDynamoDb()
        store = TransactionStore(self._dynamodb.client, TRANSACTIONS, 400)
        store.add(transaction(transaction_id=STORED_ID, timestamp=STORED_AT), STORED_AT)
        for item in self._items().values():
            if "account_id" in item:
                self._dynamodb.database.put(TRANSACTIONS, {**item, "decision": {"S": "{}"}})

    def handle(self, event: dict[str, Any]) -> Answer:
        log, before = io.StringIO(), dict(self._items())
        handler = self._handlers[_HANDLERS.get(event["resource"].strip("/"), _API)]
        with redirect_stdout(log):
            response = handler(event, Context())
        return Answer(
            response["statusCode"],
            response["headers"],
            response["body"],
            before,
            dict(self._items()),
            log.getvalue(),
        )

    def _items(self) -> dict[Any, Any]:
        items: dict[Any, Any] = self._dynamodb.database._items
        return items


@contextmanager
def open_api() -> Iterator[Api]:
    """Import the entry points with tables in memory and a clock that stands still."""
    with pytest.MonkeyPatch.context() as patch:
        api = Api()
        for name, value in _ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.setattr(aws_clients, "create_client", lambda _: api)
        patch.setattr(clock, "now_ms", lambda: NOW)
        for module in (_API, *_HANDLERS.values()):
            patch.delitem(sys.modules, module, raising=False)
        api.load()
        yield api
        for module in (_API, *_HANDLERS.values()):
            sys.modules.pop(module, None)
