"""Which alerts were published: recorded on the item of the transaction, so that none is published twice.

A claim comes before the publication, the record after it. A message that is delivered again takes over its
own claim; another message about the same transaction waits until the claim ends. The rare cases of a second
alert are in ADR 21.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from functions.common.domain.suspicious_message import SuspiciousTransaction
from functions.common.domain.transaction_event import key_of
from functions.common.dynamodb.client import RefusedWriteError, update_one

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Longer than any function that reads the queue can run.
_CLAIM_MS = 60_000


class AlertedBeforeError(Exception):
    """The topic accepted the alert on this transaction before."""


class ClaimedError(Exception):
    """Another message about the transaction is being published."""


class TransactionGoneError(Exception):
    """The transaction is no longer in the table: it expired or was erased."""


class AlertRecords(Protocol):
    """Records which transactions were alerted on."""

    def claim(self, transaction: SuspiciousTransaction, message_id: str, now_ms: int) -> None:
        """Claim the alert for a message. Raises AlertedBeforeError, ClaimedError or TransactionGoneError."""

    def release(self, transaction: SuspiciousTransaction, message_id: str) -> None:
        """End the claim of a message whose alert the topic refused, so that another message can take over."""

    def record(self, transaction: SuspiciousTransaction, publication_id: str, now_ms: int) -> None:
        """Record that the topic accepted the alert, under its id there."""


class DynamoDbAlertRecords:
    """The table `transactions`. The client is made for the first alert, which keeps the start short."""

    def __init__(self, connect: "Callable[[], DynamoDBClient]", table_name: str) -> None:
        self._connect = connect
        self._table = table_name

    def claim(self, transaction: SuspiciousTransaction, message_id: str, now_ms: int) -> None:
        unclaimed = "attribute_not_exists(alert_claim) OR alert_claim = :message OR alert_claim_until < :now"
        try:
            update_one(
                self._connect(),
                self._table,
                key_of(transaction.transaction_id, transaction.timestamp),
                update="SET alert_claim = :message, alert_claim_until = :until",
                # Without the first condition, the write would bring back an item that has expired.
                condition="attribute_exists(transaction_id) AND attribute_not_exists(alerted_at)"
                f" AND ({unclaimed})",
                values={
                    ":message": {"S": message_id},
                    ":now": {"N": str(now_ms)},
                    ":until": {"N": str(now_ms + _CLAIM_MS)},
                },
            )
        except RefusedWriteError as refused:
            raise _refusal(refused) from None

    def release(self, transaction: SuspiciousTransaction, message_id: str) -> None:
        update_one(
            self._connect(),
            self._table,
            key_of(transaction.transaction_id, transaction.timestamp),
            update="REMOVE alert_claim, alert_claim_until",
            condition="alert_claim = :message",
            values={":message": {"S": message_id}},
        )

    def record(self, transaction: SuspiciousTransaction, publication_id: str, now_ms: int) -> None:
        update_one(
            self._connect(),
            self._table,
            key_of(transaction.transaction_id, transaction.timestamp),
            update="SET alerted_at = :now, alert_id = :id REMOVE alert_claim, alert_claim_until",
            condition="attribute_exists(transaction_id)",
            values={":now": {"N": str(now_ms)}, ":id": {"S": publication_id}},
        )


def _refusal(refused: RefusedWriteError) -> Exception:
    item = refused.held.get(0)
    if not item:
        return TransactionGoneError()
    return AlertedBeforeError() if "alerted_at" in item else ClaimedError()
