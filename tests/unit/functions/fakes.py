"""Stand-ins for what the functions call, kept in memory."""

import copy
import threading
from typing import Any

from botocore.exceptions import ClientError

from functions.api.items import fingerprint
from functions.api.store import Outcome
from functions.common.domain.decision import Decision
from functions.common.domain.lists_and_snoozes import Snooze
from functions.common.domain.suspicious_message import SuspiciousTransaction
from functions.common.domain.transaction import Transaction
from functions.common.domain.transaction_event import TransactionInserted
from functions.common.dynamodb import profile_items
from functions.common.dynamodb.client import StoreBusyError
from functions.fraud.profile_store import (
    ChangedMeanwhileError,
    DecidedBeforeError,
    Known,
    LabelledBeforeError,
    TransactionGoneError,
)
from functions.notify import alert_records
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
    """Keeps what is sent, and the delays; `error` is raised instead, if there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[SuspiciousTransaction] = []
        self.delays: list[int] = []
        self._error = error

    def send(self, transaction: SuspiciousTransaction, delay_seconds: int = 0) -> None:
        if self._error:
            raise self._error
        self.sent.append(transaction)
        self.delays.append(delay_seconds)


class InMemoryProfiles:
    """Profiles and decisions as the tables keep them; `changes` are writes of others that come in between.

    `account`, `merchant` and `snoozes` are what is known of whatever account and merchant, `label` is what
    became known of a transaction before its decision.
    """

    def __init__(self, changes: int = 0) -> None:
        self.account = profile_items.read_account("account", None)
        self.merchant = profile_items.read_merchant("merchant", None)
        self.snoozes: dict[str, Snooze] = {}
        self.decisions: dict[str, Decision] = {}
        self.gone: set[str] = set()
        self.label = ""
        self._changes = changes

    def read(self, _transaction: TransactionInserted, _now_ms: int) -> Known:
        account, merchant = copy.deepcopy((self.account, self.merchant))
        return Known(account=account, merchant=merchant, snoozes=self.snoozes)

    def record(
        self, transaction: TransactionInserted, known: Known, decision: Decision, label: str | None
    ) -> None:
        if transaction.transaction_id in self.gone:
            raise TransactionGoneError
        if before := self.decisions.get(transaction.transaction_id):
            raise DecidedBeforeError(before)
        if self._changes:
            self._changes -= 1
            raise ChangedMeanwhileError
        if self.label and self.label != label:
            raise LabelledBeforeError(self.label)
        self.decisions[transaction.transaction_id] = decision
        self.account, self.merchant = known.account, known.merchant


class InMemoryAlertRecords:
    """Keeps claims by message and published alerts; a transaction in `gone` is no longer in the table."""

    def __init__(self) -> None:
        self.claims: dict[str, str] = {}
        self.published: dict[str, str] = {}
        self.gone: set[str] = set()

    def claim(self, transaction: SuspiciousTransaction, message_id: str, now_ms: int) -> None:
        key = transaction.transaction_id
        if key in self.gone:
            raise alert_records.TransactionGoneError
        if key in self.published:
            raise alert_records.AlertedBeforeError
        if self.claims.setdefault(key, message_id) != message_id:
            raise alert_records.ClaimedError

    def release(self, transaction: SuspiciousTransaction, message_id: str) -> None:
        if self.claims.get(transaction.transaction_id) == message_id:
            del self.claims[transaction.transaction_id]

    def record(self, transaction: SuspiciousTransaction, publication_id: str, now_ms: int) -> None:
        self.published[transaction.transaction_id] = publication_id


class InMemoryTopic:
    """Keeps what is published; fails with `status` on alerts on the transactions in `refused`."""

    def __init__(self, *refused: str, status: int = 500) -> None:
        self.published: list[Alert] = []
        self._status = status
        self.refused = set(refused)

    def publish(self, alert: Alert) -> str:
        if alert.attributes["transaction_id"] in self.refused:
            response: Any = {
                "Error": {"Code": "Refused"},
                "ResponseMetadata": {"HTTPStatusCode": self._status},
            }
            raise ClientError(response, "Publish")
        self.published.append(alert)
        return f"publication-{len(self.published)}"


class RecordingClient:
    """An AWS client that keeps the arguments of its calls."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def send_message(self, **arguments: Any) -> None:
        self.calls.append(arguments)

    def publish(self, **arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        return {"MessageId": "publication"}
