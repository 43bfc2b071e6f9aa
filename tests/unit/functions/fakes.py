"""In-memory fakes of the stores, senders and clients that the functions use."""

import copy
import threading
from typing import Any

from botocore.exceptions import ClientError

from functions.api.transaction_store import TransactionStore, WriteResult, compute_fingerprint
from functions.common.domain.decision import Decision
from functions.common.domain.overrides import Snooze
from functions.common.domain.suspicious_message import SuspiciousTransaction
from functions.common.domain.transaction import Transaction
from functions.common.domain.transaction_event import TransactionInserted
from functions.common.dynamodb.client import StoreBusyError, TransactionNotFoundError
from functions.common.dynamodb.profile_items import decode_account, decode_merchant
from functions.fraud.profile_store import (
    AlreadyDecidedError,
    AlreadyLabeledError,
    ProfileChangedError,
    ProfileStore,
)
from functions.fraud.scoring.decider import DecisionContext
from functions.fraud.senders import SuspiciousTransactionSender, UnreadableMessageSender
from functions.notify.alert import Alert
from functions.notify.alert_records import AlertClaimedError, AlertRecords, AlreadyAlertedError
from functions.notify.publisher import AlertPublisher


class FakeTransactionStore(TransactionStore):
    """Stores fingerprints by transaction ID. With `error`, each write raises it."""

    def __init__(self, error: Exception | None = None) -> None:
        self._fingerprints: dict[str, str] = {}
        self._error = error
        self._lock = threading.Lock()

    def add(self, transaction: Transaction, received_at: int) -> WriteResult:
        if self._error:
            raise self._error
        fingerprint = compute_fingerprint(transaction)
        with self._lock:
            stored = self._fingerprints.setdefault(transaction.transaction_id, "")
            if stored:
                return WriteResult.REPLAYED if stored == fingerprint else WriteResult.ID_TAKEN
            self._fingerprints[transaction.transaction_id] = fingerprint
            return WriteResult.STORED


def busy_store() -> FakeTransactionStore:
    return FakeTransactionStore(StoreBusyError())


class FakeDynamoDb:
    """TransactWriteItems with conditional puts, as DynamoDB behaves.

    Each call raises the next of `errors` first. Concurrent writes conflict.
    """

    def __init__(self, *errors: Exception) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.calls = 0
        self._errors = list(errors)
        self._writing = threading.Lock()

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.calls += 1
        if self._errors:
            raise self._errors.pop(0)
        if not self._writing.acquire(blocking=False):
            raise canceled_error(*[{"Code": "TransactionConflict"}] * len(TransactItems))
        try:
            puts = [operation["Put"] for operation in TransactItems]
            existing = [self.items.get(self._key(put["Item"])) for put in puts]
            if any(existing):
                raise canceled_error(*[_cancellation_reason(item) for item in existing])
            self.items |= {self._key(put["Item"]): put["Item"] for put in puts}
        finally:
            self._writing.release()
        return {}

    @staticmethod
    def _key(item: dict[str, Any]) -> tuple[str, str]:
        return item["transaction_id"]["S"], item["timestamp"]["N"]


def _cancellation_reason(existing: dict[str, Any] | None) -> dict[str, Any]:
    return {"Code": "ConditionalCheckFailed", "Item": existing} if existing else {"Code": "None"}


def canceled_error(*reasons: dict[str, Any]) -> ClientError:
    response: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": list(reasons)}
    return ClientError(response, "TransactWriteItems")


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "about account-123456789"}}, "AnOperation")


class FakeSender(SuspiciousTransactionSender):
    """Records sent transactions and their delays. With `error`, each send raises it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[SuspiciousTransaction] = []
        self.delays: list[int] = []
        self._error = error

    def send(self, transaction: SuspiciousTransaction, delay_seconds: int = 0) -> None:
        if self._error:
            raise self._error
        self.sent.append(transaction)
        self.delays.append(delay_seconds)


class FakeFailureSender(UnreadableMessageSender):
    """Records sent message bodies. With `error`, each send raises it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.bodies: list[str] = []
        self._error = error

    def send(self, body: str) -> None:
        if self._error:
            raise self._error
        self.bodies.append(body)


class FakeProfileStore(ProfileStore):
    """One account, one merchant and the decisions of all transactions.

    The first `conflicts` writes fail because of a concurrent change. `label` is a label that every
    transaction got before its decision.
    """

    def __init__(self, conflicts: int = 0) -> None:
        self.account = decode_account("account", None)
        self.merchant = decode_merchant("merchant", None)
        self.rule_snoozes: dict[str, Snooze] = {}
        self.decisions: dict[str, Decision] = {}
        self.deleted: set[str] = set()
        self.label = ""
        self._conflicts = conflicts

    def read(self, _transaction: TransactionInserted, _now_ms: int) -> DecisionContext:
        account, merchant = copy.deepcopy((self.account, self.merchant))
        return DecisionContext(account=account, merchant=merchant, rule_snoozes=self.rule_snoozes)

    def record(
        self,
        transaction: TransactionInserted,
        context: DecisionContext,
        decision: Decision,
        label: str | None,
    ) -> None:
        if transaction.transaction_id in self.deleted:
            raise TransactionNotFoundError
        if recorded := self.decisions.get(transaction.transaction_id):
            raise AlreadyDecidedError(recorded)
        if self._conflicts:
            self._conflicts -= 1
            raise ProfileChangedError
        if self.label and self.label != label:
            raise AlreadyLabeledError(self.label)
        self.decisions[transaction.transaction_id] = decision
        self.account, self.merchant = context.account, context.merchant


class FakeAlertRecords(AlertRecords):
    """Claims and published alerts by transaction ID. Transactions in `deleted` are not in the table.

    Every alert window has `alerts` alerts. `windows` are the accounts and window starts asked for.
    """

    def __init__(self, alerts: int = 5) -> None:
        self.windows: list[tuple[str, int]] = []
        self._alerts = alerts
        self.claims: dict[str, str] = {}
        self.published: dict[str, str] = {}
        self.deleted: set[str] = set()

    def claim(self, transaction: SuspiciousTransaction, message_id: str, now_ms: int) -> None:
        key = transaction.transaction_id
        if key in self.deleted:
            raise TransactionNotFoundError
        if key in self.published:
            raise AlreadyAlertedError
        if self.claims.setdefault(key, message_id) != message_id:
            raise AlertClaimedError

    def release(self, transaction: SuspiciousTransaction, message_id: str) -> None:
        if self.claims.get(transaction.transaction_id) == message_id:
            del self.claims[transaction.transaction_id]

    def record(self, transaction: SuspiciousTransaction, publication_id: str, now_ms: int) -> None:
        self.published[transaction.transaction_id] = publication_id

    def count_window(self, account_id: str, started_at: int) -> int:
        self.windows.append((account_id, started_at))
        return self._alerts


class FakePublisher(AlertPublisher):
    """Records published alerts. Alerts on transactions in `rejected` fail with HTTP status `status`."""

    def __init__(self, *rejected: str, status: int = 500) -> None:
        self.published: list[Alert] = []
        self.rejected = set(rejected)
        self._status = status

    def publish(self, alert: Alert) -> str:
        if alert.attributes["transaction_id"] in self.rejected:
            response: Any = {
                "Error": {"Code": "Refused"},
                "ResponseMetadata": {"HTTPStatusCode": self._status},
            }
            raise ClientError(response, "Publish")
        self.published.append(alert)
        return f"publication-{len(self.published)}"


class RecordingClient:
    """An AWS client that records the arguments of its calls."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def send_message(self, **arguments: Any) -> None:
        self.calls.append(arguments)

    def publish(self, **arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        return {"MessageId": "publication"}
