"""The fraud service: decides on a new transaction, records the decision and sends suspicious transactions."""

import time
from typing import Literal

import msgspec
from msgspec import Struct

from functions.common.domain.decision import FRAUD, Decision, Notification
from functions.common.domain.profiles import count_fraud, count_transaction
from functions.common.domain.suspicious_message import SuspiciousTransaction
from functions.common.domain.transaction_event import (
    TransactionInserted,
    UnreadableTransactionError,
    decode_transaction,
    stored_values,
)
from functions.common.dynamodb.client import StoreBusyError, TransactionNotFoundError
from functions.common.runtime.clock import Clock, Sleep, back_off
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.profile_store import (
    AlreadyDecidedError,
    AlreadyLabeledError,
    ProfileChangedError,
    ProfileStore,
)
from functions.fraud.scoring.decider import Decider
from functions.fraud.senders import SuspiciousTransactionSender

# Concurrent transactions at one merchant conflict. All attempts together take about five seconds; after that,
# Lambda retries the event.
_MAX_ATTEMPTS = 40
# The service level objective: 99.9 % of transactions are decided within this time of their POST.
_LATE_MS = 5_000


class UnreadableEventError(ValueError):
    """The event is not that of an inserted transaction. The message quotes no values."""


class FraudDetector:
    """Decides on each transaction once. A repeated event gives the same decision and the same message."""

    def __init__(
        self,
        *,
        decider: Decider,
        profiles: ProfileStore,
        sender: SuspiciousTransactionSender,
        telemetry: Telemetry,
        clock: Clock,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._decider = decider
        self._profiles = profiles
        self._sender = sender
        self._telemetry = telemetry
        self._clock = clock
        self._sleep = sleep

    def process_event(self, event: object) -> Decision | None:
        """Decide on the transaction of an event. Returns None if its item was deleted.

        Raises an error if the decision could not be made or recorded, or if its message could not be sent.
        """
        return self.process(read_event(event))

    def process(self, transaction: TransactionInserted) -> Decision | None:
        """Decide on a transaction, as `process_event` does."""
        self._telemetry.set_transaction(transaction.transaction_id)
        try:
            decision = self._decide(transaction)
        except AlreadyDecidedError as error:
            self._telemetry.info("transaction already decided")
            decision = error.decision
        except TransactionNotFoundError:
            self._telemetry.info("transaction not in the table")
            return None
        else:
            self._report(transaction, decision)
        if decision.notification in (Notification.SENT, Notification.SUMMARY):
            message = build_suspicious_message(transaction, decision)
            self._sender.send(message, self._compute_delay_seconds(decision))
        return decision

    def _decide(self, transaction: TransactionInserted) -> Decision:
        """Decide, count and record. Raises AlreadyDecidedError or TransactionNotFoundError."""
        label: str | None = None
        for attempt in range(_MAX_ATTEMPTS):
            if attempt:
                back_off(attempt, self._sleep)
            now_ms = self._clock()
            context = self._profiles.read(transaction, now_ms)
            account, merchant = context.account, context.merchant
            decision, account.alert_history = self._decider.decide(transaction, context, now_ms)
            count_transaction(account.profile, merchant.profile, transaction)
            if label == FRAUD:
                count_fraud(account.profile, merchant.profile, transaction, 1)
            try:
                self._profiles.record(transaction, context, decision, label)
            except ProfileChangedError:
                continue
            except AlreadyLabeledError as error:
                label = error.label
            else:
                return decision
        raise StoreBusyError

    def _compute_delay_seconds(self, decision: Decision) -> int:
        """The time until the alert window ends for a summary, or 0."""
        if decision.notification is not Notification.SUMMARY:
            return 0
        ends_at = decision.window_started_at + self._decider.alert_window_seconds * 1000
        return max(-(-(ends_at - self._clock()) // 1000), 0)

    def _report(self, transaction: TransactionInserted, decision: Decision) -> None:
        telemetry = self._telemetry
        latency_ms = self._clock() - transaction.received_at
        telemetry.count("TransactionsScored")
        telemetry.count("DecidedLate", int(latency_ms > _LATE_MS))
        telemetry.record_duration("PostToScore", latency_ms)
        if decision.suspicious:
            telemetry.count("TransactionsFlagged")
        telemetry.info(
            "transaction scored",
            score=decision.score,
            suspicious=decision.suspicious,
            told=decision.notification,
            reasons=[reason.rule_id for reason in decision.reasons],
        )


def build_suspicious_message(transaction: TransactionInserted, decision: Decision) -> SuspiciousTransaction:
    """The message for the queue: the transaction without its device, with score and reasons."""
    is_summary = decision.notification is Notification.SUMMARY
    return SuspiciousTransaction(
        **stored_values(transaction),
        score=decision.score,
        reasons=decision.reasons,
        summary_since=decision.window_started_at if is_summary else 0,
    )


class _EventDetail(Struct, frozen=True):
    event_name: Literal["INSERT"]
    transaction: dict[str, dict[str, str | bool]]


class _Event(Struct, frozen=True):
    detail: _EventDetail


def read_event(event: object) -> TransactionInserted:
    """The transaction in an EventBridge event, whose values are DynamoDB-typed: {"S": "USD"}.

    Raises UnreadableEventError.
    """
    try:
        return decode_transaction(msgspec.convert(event, _Event).detail.transaction)
    except (msgspec.ValidationError, UnreadableTransactionError) as error:
        raise UnreadableEventError(f"the event is not that of an inserted transaction: {error}") from None
