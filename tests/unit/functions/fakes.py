"""In-memory fakes of the stores, senders and clients that the functions use."""

import threading
from typing import Any

from botocore.exceptions import ClientError

from functions.api.transaction_store import TransactionStore, WriteResult, compute_fingerprint
from functions.common.domain.suspicious_decision import SuspiciousDecision
from functions.common.domain.suspicious_message import SuspiciousTransaction
from functions.common.domain.transaction import Transaction
from functions.common.dynamodb.client import StoreBusyError, TransactionNotFoundError
from functions.fraud.senders import RetrySender, SuspiciousTransactionSender, UnreadableMessageSender
from functions.notify.alert import Alert
from functions.notify.alert_records import AlertClaimedError, AlertRecords, AlreadyAlertedError
from functions.notify.publisher import AlertPublisher


class FakeTransactionStore(TransactionStore):
    """Stores fingerprints by transaction ID. With `error`, each write raises it."""

    def __init__(self, error: Exception | None = None) -> None:
        self._fingerprints: dict[str, str] = {}
        self._error = error
        self._lock = threading.Lock()

    def add(self, transaction: Transaction, received_at: int, *, historic: bool = False) -> WriteResult:
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
    """PutItem with the condition that the item is new, as DynamoDB behaves.

    Each call raises the next of `errors` first, unless that is None.
    """

    def __init__(self, *errors: BaseException | None) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.calls = 0
        self._errors = list(errors)
        self._lock = threading.Lock()

    def put_item(self, *, Item: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803
        with self._lock:
            self.calls += 1
            error = self._errors.pop(0) if self._errors else None
            if error:
                raise error
            key = Item["transaction_id"]["S"], Item["timestamp"]["N"]
            if key in self.items:
                raise failed_condition_error(self.items[key])
            self.items[key] = Item
        return {}


def failed_condition_error(item: dict[str, Any]) -> ClientError:
    response: Any = {"Error": {"Code": "ConditionalCheckFailedException"}, "Item": item}
    return ClientError(response, "PutItem")


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


class FakeRetrySender(RetrySender):
    """Records sent events."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def send(self, event: object) -> None:
        self.events.append(event)


class FakeAlertRecords(AlertRecords):
    """Claims and published alerts by transaction ID. Transactions in `deleted` are not in the table.

    Every alert window has `alerts` alerts, and `decisions` in its list. `windows` are the accounts and window
    starts asked for.
    """

    def __init__(self, alerts: int = 5) -> None:
        self.windows: list[tuple[str, int]] = []
        self.decisions: list[SuspiciousDecision] = []
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

    def read_window(self, account_id: str, started_at: int, limit: int) -> list[SuspiciousDecision]:
        return self.decisions[:limit]


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
