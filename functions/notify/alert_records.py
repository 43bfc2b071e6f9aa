"""Records of published alerts on the items of their transactions, so that no alert is published twice.

A claim precedes the publication, and the record follows it. A message that is delivered again takes over its
own claim; another message about the same transaction waits until the claim expires. ADR 21 lists the rare
cases of a second alert.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from functions.common.domain.suspicious_decision import SuspiciousDecision
from functions.common.domain.suspicious_message import SuspiciousTransaction
from functions.common.domain.transaction_event import transaction_key
from functions.common.dynamodb import suspicious_items
from functions.common.dynamodb.client import (
    Item,
    RefusedWriteError,
    StoreBusyError,
    TransactionNotFoundError,
    read_item,
    update_item,
)
from functions.common.dynamodb.profile_items import decode_alert_history, profile_key, profile_subject
from functions.common.runtime.clock import Sleep, back_off

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Longer than any function that reads the queue can run.
_CLAIM_MS = 60_000
# The second alert of a window triggers the summary, so at least two alerts were counted.
_MIN_ALERTS = 2
# Attempts of an update that conflicts with a transactional write, such as that of a label.
_MAX_ATTEMPTS = 6


class AlreadyAlertedError(Exception):
    """The topic already accepted the alert on this transaction."""


class AlertClaimedError(Exception):
    """Another message about the transaction holds the claim."""


class AlertRecords:
    """Claims and records in the table `transactions`, and alert windows in the table `profiles`.

    `connect` is called only when an alert is published. Every method raises StoreBusyError if a later attempt
    can succeed.
    """

    def __init__(
        self,
        connect: "Callable[[], DynamoDBClient]",
        transactions: str,
        profiles: str,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._connect = connect
        self._transactions = transactions
        self._profiles = profiles
        self._sleep = sleep

    def claim(self, transaction: SuspiciousTransaction, message_id: str, now_ms: int) -> None:
        """Claim the alert for a message.

        Raises AlreadyAlertedError, AlertClaimedError or TransactionNotFoundError.
        """
        unclaimed = "attribute_not_exists(alert_claim) OR alert_claim = :message OR alert_claim_until < :now"
        try:
            self._update(
                transaction,
                "SET alert_claim = :message, alert_claim_until = :until",
                # Without the first condition, the update would create an item for an expired transaction.
                f"attribute_exists(transaction_id) AND attribute_not_exists(alerted_at) AND ({unclaimed})",
                {
                    ":message": {"S": message_id},
                    ":now": {"N": str(now_ms)},
                    ":until": {"N": str(now_ms + _CLAIM_MS)},
                },
            )
        except RefusedWriteError as refused:
            raise _translate_refusal(refused) from None

    def release(self, transaction: SuspiciousTransaction, message_id: str) -> None:
        """Release the claim of a message whose alert the topic rejected, for other messages to take.

        The claim stays on the item and is expired. Without a claim or an alert, the filter of the function
        `merchants` would accept the item as a new decision.
        """
        self._update(
            transaction,
            "SET alert_claim_until = :expired",
            "alert_claim = :message",
            {":message": {"S": message_id}, ":expired": {"N": "0"}},
        )

    def record(self, transaction: SuspiciousTransaction, publication_id: str, now_ms: int) -> None:
        """Record that the topic accepted the alert under `publication_id`."""
        self._update(
            transaction,
            "SET alerted_at = :now, alert_id = :id REMOVE alert_claim, alert_claim_until",
            "attribute_exists(transaction_id)",
            {":now": {"N": str(now_ms)}, ":id": {"S": publication_id}},
        )

    def count_window(self, account_id: str, started_at: int) -> int:
        """The number of the account's alerts in the window that started at this time (epoch milliseconds)."""
        key = profile_key(profile_subject("account", account_id))
        history = decode_alert_history(read_item(self._connect(), self._profiles, key))
        counts = {
            history.previous_started_at: history.previous_count,
            history.started_at: history.count,
        }
        return max(counts.get(started_at, 0), _MIN_ALERTS)

    def read_window(self, account_id: str, started_at: int, limit: int) -> list[SuspiciousDecision]:
        """The first `limit` suspicious decisions of the window that started at this time, in their order."""
        return suspicious_items.read_window(self._connect(), self._profiles, account_id, started_at, limit)

    def _update(self, transaction: SuspiciousTransaction, update: str, condition: str, values: Item) -> None:
        """Update the item. Raises RefusedWriteError only if its condition failed."""
        client, key = self._connect(), transaction_key(transaction.transaction_id, transaction.timestamp)
        for attempt in range(_MAX_ATTEMPTS):
            if attempt:
                back_off(attempt, self._sleep)
            try:
                update_item(
                    client, self._transactions, key, update=update, condition=condition, values=values
                )
            except RefusedWriteError as refused:
                if refused.existing_items:
                    raise
            else:
                return
        raise StoreBusyError


def _translate_refusal(refused: RefusedWriteError) -> Exception:
    item = refused.existing_items.get(0)
    if not item:
        return TransactionNotFoundError()
    return AlreadyAlertedError() if "alerted_at" in item else AlertClaimedError()
