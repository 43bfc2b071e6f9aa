"""What happens to a new transaction: decided on, counted, recorded, and told of if it is suspicious."""

import time
from typing import Literal

import msgspec
from msgspec import Struct

from functions.common.domain.decision import FRAUD, Decision
from functions.common.domain.profiles import observe, relabel
from functions.common.domain.suspicious_message import SuspiciousTransaction
from functions.common.domain.transaction_event import (
    TransactionInserted,
    UnreadableTransactionError,
    facts_of,
    from_attributes,
)
from functions.common.dynamodb.client import StoreBusyError
from functions.common.runtime.clock import Clock, Sleep, pause
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.profile_store import (
    ChangedMeanwhileError,
    DecidedBeforeError,
    LabelledBeforeError,
    ProfileStore,
    TransactionGoneError,
)
from functions.fraud.queue import SuspiciousQueue
from functions.fraud.scoring.decider import Judge


class UnreadableEventError(ValueError):
    """The event is not one of an inserted transaction. Its message quotes no values."""


class _Detail(Struct, frozen=True):
    event_name: Literal["INSERT"]
    transaction: dict[str, dict[str, str | bool]]


class _Event(Struct, frozen=True):
    detail: _Detail


def read_event(event: object) -> TransactionInserted:
    """The transaction in an EventBridge event, whose values are still DynamoDB's: {"S": "USD"}.

    Raises UnreadableEventError, so that the event ends up where what failed is kept.
    """
    try:
        return from_attributes(msgspec.convert(event, _Event).detail.transaction)
    except (msgspec.ValidationError, UnreadableTransactionError) as error:
        raise UnreadableEventError(f"the event is not of an inserted transaction: {error}") from None


# Those who buy at one merchant in the same second wait for each other; all attempts together take some five
# seconds, and then the event comes again.
_ATTEMPTS = 40
# The service level: 99.9 % of transactions are decided within this time of their POST.
_LATE_MS = 5_000


class FraudDetector:
    """Decides on each transaction once: its event again leads to the same decision and message."""

    def __init__(
        self,
        *,
        judge: Judge,
        profiles: ProfileStore,
        queue: SuspiciousQueue,
        telemetry: Telemetry,
        clock: Clock,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._judge = judge
        self._profiles = profiles
        self._queue = queue
        self._telemetry = telemetry
        self._clock = clock
        self._sleep = sleep

    def inspect(self, event: object) -> Decision | None:
        """Decides on the transaction of an event; None for one that is no longer in the table.

        Raises whatever keeps it from being decided or told of.
        """
        return self.process(read_event(event))

    def process(self, transaction: TransactionInserted) -> Decision | None:
        """As `inspect`, for a transaction that is read already."""
        self._telemetry.about(transaction.transaction_id)
        try:
            decision = self._decide(transaction)
        except DecidedBeforeError as before:
            self._telemetry.info("decided before")
            decision = before.decision
        except TransactionGoneError:
            self._telemetry.info("no longer in the table")
            return None
        else:
            self._tell(transaction, decision)
        if decision.told in ("sent", "summary"):
            self._queue.send(message(transaction, decision), self._delay_seconds(decision))
        return decision

    def _decide(self, transaction: TransactionInserted) -> Decision:
        """Decides, counts and records. Raises DecidedBeforeError or TransactionGoneError."""
        label: str | None = None
        for attempt in range(_ATTEMPTS):
            if attempt:
                pause(attempt, self._sleep)
            now_ms = self._clock()
            known = self._profiles.read(transaction, now_ms)
            decision, known.account.alerts = self._judge.decide(transaction, known, now_ms)
            observe(known.account.profile, known.merchant.profile, transaction)
            if label == FRAUD:
                relabel(known.account.profile, known.merchant.profile, transaction, 1)
            try:
                self._profiles.record(transaction, known, decision, label)
            except ChangedMeanwhileError:
                continue
            except LabelledBeforeError as labelled:
                label = labelled.label
            else:
                return decision
        raise StoreBusyError

    def _delay_seconds(self, decision: Decision) -> int:
        """A summary waits for the end of its window."""
        if decision.told != "summary":
            return 0
        ends_at = decision.told_since + self._judge.alert_window_seconds * 1000
        return max(-(-(ends_at - self._clock()) // 1000), 0)

    def _tell(self, transaction: TransactionInserted, decision: Decision) -> None:
        telemetry = self._telemetry
        latency_ms = self._clock() - transaction.received_at
        telemetry.count("TransactionsScored")
        telemetry.count("DecidedLate", int(latency_ms > _LATE_MS))
        telemetry.duration("PostToScore", latency_ms)
        if decision.suspicious:
            telemetry.count("TransactionsFlagged")
        telemetry.info(
            "transaction scored",
            score=decision.score,
            suspicious=decision.suspicious,
            told=decision.told,
            reasons=[reason.rule_id for reason in decision.reasons],
        )


def message(transaction: TransactionInserted, decision: Decision) -> SuspiciousTransaction:
    """The transaction with its score and reasons, for the queue; without the device."""
    return SuspiciousTransaction(
        **facts_of(transaction),
        score=decision.score,
        reasons=decision.reasons,
        summary_since=decision.told_since if decision.told == "summary" else 0,
    )
