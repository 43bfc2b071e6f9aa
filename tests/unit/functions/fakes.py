"""Stand-ins for what the functions call, kept in memory."""

import threading
from typing import Any

from botocore.exceptions import ClientError

from functions.api.items import fingerprint
from functions.api.store import Outcome
from functions.common.dynamodb import StoreBusyError
from functions.common.suspicious import SuspiciousTransaction
from functions.common.transaction import Transaction
from functions.notify.alert import Alert


class InMemoryStore:
    """A store that keeps fingerprints; `error` is raised instead, if there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.fingerprints: dict[str, str] = {}
        self._error = error
        self._lock = threading.Lock()

    def add(self, transaction: Transaction, received_at: int) -> Outcome:
        if self._error:
            raise self._error
        with self._lock:
            held = self.fingerprints.setdefault(transaction.transaction_id, "")
            if held:
                return Outcome.REPLAYED if held == fingerprint(transaction) else Outcome.ID_TAKEN
            self.fingerprints[transaction.transaction_id] = fingerprint(transaction)
            return Outcome.STORED


def busy_store() -> InMemoryStore:
    return InMemoryStore(StoreBusyError())


class FakeDynamoDb:
    """TransactWriteItems of conditional puts, by the semantics of DynamoDB.

    `refusals` are raised first, one per call. Writes of two threads to one id at a time are a conflict.
    """

    def __init__(self, *refusals: Exception) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.calls = 0
        self._refusals = list(refusals)
        self._writing = threading.Lock()

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.calls += 1
        if self._refusals:
            raise self._refusals.pop(0)
        if not self._writing.acquire(blocking=False):
            raise cancelled(*[{"Code": "TransactionConflict"}] * len(TransactItems))
        try:
            puts = [operation["Put"] for operation in TransactItems]
            held = [self.items.get(self._key(put["Item"])) for put in puts]
            if any(held):
                raise cancelled(*[_check(item) for item in held])
            self.items |= {self._key(put["Item"]): put["Item"] for put in puts}
        finally:
            self._writing.release()
        return {}

    @staticmethod
    def _key(item: dict[str, Any]) -> tuple[str, str]:
        return item["transaction_id"]["S"], item["timestamp"]["N"]


def _check(item: dict[str, Any] | None) -> dict[str, Any]:
    return {"Code": "ConditionalCheckFailed", "Item": item} if item else {"Code": "None"}


def cancelled(*reasons: dict[str, Any]) -> ClientError:
    response: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": list(reasons)}
    return ClientError(response, "TransactWriteItems")


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "about account-123456789"}}, "AnOperation")


class InMemoryQueue:
    """Keeps what is sent; `error` is raised instead, if there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[SuspiciousTransaction] = []
        self._error = error

    def send(self, transaction: SuspiciousTransaction) -> None:
        if self._error:
            raise self._error
        self.sent.append(transaction)


class InMemoryTopic:
    """Keeps what is published; refuses alerts on the transactions in `refused`."""

    def __init__(self, *refused: str) -> None:
        self.published: list[Alert] = []
        self._refused = refused

    def publish(self, alert: Alert) -> None:
        if alert.attributes["transaction_id"] in self._refused:
            raise client_error("InternalError")
        self.published.append(alert)


class RecordingClient:
    """An AWS client that keeps the arguments of its calls."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def send_message(self, **arguments: Any) -> None:
        self.calls.append(arguments)

    def publish(self, **arguments: Any) -> None:
        self.calls.append(arguments)
