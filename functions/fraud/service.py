"""The fraud service: decides on a new transaction, records the decision and sends suspicious transactions."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from functions.common.domain.account_profile import count_in_account
from functions.common.domain.decision import FRAUD, Decision, Notification
from functions.common.domain.origin_profile import Origin, OriginProfile, find_origin
from functions.common.domain.profiles import count_fraud, count_purchase
from functions.common.domain.suspicious_message import SuspiciousTransaction
from functions.common.domain.transaction_event import (
    EventAttribute,
    TransactionInserted,
    UnreadableTransactionError,
    decode_transaction,
    stored_values,
)
from functions.common.dynamodb.client import Item, ThrottledError
from functions.common.dynamodb.decision_attribute import decode_decision
from functions.common.dynamodb.profile_items import decode_account
from functions.common.runtime.clock import Clock, Sleep, back_off
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.profile_store import (
    DecidedTransaction,
    ProfileStore,
    RefusedRecordError,
    StoredProfiles,
)
from functions.fraud.scoring.decider import Decider, DecisionContext
from functions.fraud.senders import RetrySender, SuspiciousTransactionSender

# Attempts of an event while other transactions of the account are decided. After them, the event waits in the
# retry queue, so that it occupies no concurrency of the function.
_EVENT_ATTEMPTS = 3
# Attempts of messages from the retry queue. All attempts together take about five seconds.
_RETRY_ATTEMPTS = 40
# The transactions of one account that are decided in one write. DynamoDB allows 100 items in it: the account,
# and at most four for each transaction, with its merchant, its category and a suspicious decision.
MAX_GROUP_SIZE = 24
# The service level objective: 99.9 % of transactions are decided within this time of their POST.
_LATE_MS = 5_000
# A decision that is made at the end of an alert window is recorded within this time. The summary waits.
_RECORDING_MS = 5_000
# The limit of SQS.
_MAX_DELAY_SECONDS = 900


class UnreadableEventError(ValueError):
    """The event is not that of an inserted transaction. The message quotes no values."""


class BusyAccountError(Exception):
    """Other transactions of the account were decided in each attempt. Nothing was written."""


class _PendingTransaction(Struct):
    """A transaction without a decision, and what is known of its stored item.

    `label`: a label that came before the decision. `counts_merchant`: an older version of the function `api`
    stored the transaction, so that its merchant and category are counted with the decision and not from the
    stream.
    """

    position: int
    transaction: TransactionInserted
    label: str | None = None
    counts_merchant: bool = False


class FraudDetector:
    """Decides on each transaction once. A repeated event gives the same decision and the same message."""

    def __init__(
        self,
        *,
        decider: Decider,
        profiles: ProfileStore,
        sender: SuspiciousTransactionSender,
        retries: RetrySender,
        telemetry: Telemetry,
        clock: Clock,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._decider = decider
        self._profiles = profiles
        self._sender = sender
        self._retries = retries
        self._telemetry = telemetry
        self._clock = clock
        self._sleep = sleep

    def process_event(self, event: object) -> Decision | None:
        """Decide on the transaction of an event. Returns None if its item was deleted, or if it must wait.

        Raises an error if the decision could not be made or recorded, or if its message could not be sent.
        """
        transaction = read_event(event)
        self._telemetry.set_transaction(transaction.transaction_id)
        try:
            [decision] = self._decide_group([transaction], _EVENT_ATTEMPTS)
        except BusyAccountError:
            self._retries.send(event)
            self._telemetry.info("account busy, decided from the retry queue")
            return None
        self.send(transaction, decision)
        return decision

    def decide_group(self, transactions: Sequence[TransactionInserted]) -> list[Decision | None]:
        """Decide on up to MAX_GROUP_SIZE different transactions of one account, in this order.

        Returns their decisions, or None for a transaction whose item was deleted. Raises BusyAccountError,
        StoreBusyError or ClientError.
        """
        return self._decide_group(transactions, _RETRY_ATTEMPTS)

    def send(self, transaction: TransactionInserted, decision: Decision | None) -> None:
        """Send the message for a decision that causes an alert."""
        if decision and decision.notification in (Notification.SENT, Notification.SUMMARY):
            message = build_suspicious_message(transaction, decision)
            self._sender.send(message, self._compute_delay_seconds(decision))

    def _decide_group(
        self, transactions: Sequence[TransactionInserted], attempts: int
    ) -> list[Decision | None]:
        """Decide, count and record."""
        decisions: list[Decision | None] = [None] * len(transactions)
        pending = [_PendingTransaction(position, entry) for position, entry in enumerate(transactions)]
        account_id = transactions[0].account_id
        profiles: StoredProfiles | None = None
        origins = self._use_origins(transactions)
        for attempt in range(attempts):
            if attempt:
                back_off(attempt, self._sleep)
            now_ms = self._clock()
            if profiles is None:
                # The first read costs half. A stale profile is refused, and then read as it is.
                profiles = self._profiles.read(transactions, now_ms, consistent=attempt > 0)
            decided = [self._decide(entry, profiles, origins, now_ms) for entry in pending]
            try:
                self._profiles.record(profiles, decided)
            except RefusedRecordError as refused:
                profiles = _refresh(profiles, account_id, decided, refused.account)
                pending = list(self._find_pending(pending, refused.transactions, decisions))
                if not pending:
                    return decisions
                continue
            for entry, result in zip(pending, decided, strict=True):
                decisions[entry.position] = result.decision
                self._report(entry.transaction, result.decision)
            return decisions
        raise BusyAccountError

    def _use_origins(self, transactions: Sequence[TransactionInserted]) -> Mapping[Origin, OriginProfile]:
        """The profiles of the transactions' devices or IP addresses. Features of a missing one are unknown.

        A device that exceeds the throughput of an item, such as one ID for all customers of a client, must
        not delay decisions.
        """
        try:
            return self._profiles.use_origins(transactions, self._clock())
        except ThrottledError:
            self._telemetry.info("device or IP address throttled, decided without it")
            return {}

    def _decide(
        self,
        pending: _PendingTransaction,
        profiles: StoredProfiles,
        origins: Mapping[Origin, OriginProfile],
        now_ms: int,
    ) -> DecidedTransaction:
        """Decide on a transaction and count it in the profiles."""
        transaction = pending.transaction
        account, merchant = profiles.account, profiles.find_merchant(transaction)
        category = profiles.find_category(transaction)
        category_profile = None if category is None else category.profile
        origin = find_origin(transaction)
        context = DecisionContext(
            account=account,
            merchant=merchant,
            rule_snoozes=profiles.rule_snoozes,
            origin=None if origin is None else origins.get(origin),
            category=category_profile,
        )
        decision, account.alert_history = self._decider.decide(transaction, context, now_ms)
        count_in_account(account.profile, transaction)
        if pending.counts_merchant:
            count_purchase(merchant.profile, transaction, category_profile)
        is_unusual = None
        if pending.label == FRAUD:
            is_unusual = count_fraud(account.profile, merchant.profile, transaction, category_profile)
        return DecidedTransaction(transaction, decision, pending.label, pending.counts_merchant, is_unusual)

    def _find_pending(
        self,
        pending: Sequence[_PendingTransaction],
        items: Mapping[int, Item],
        decisions: list[Decision | None],
    ) -> Iterator[_PendingTransaction]:
        """The transactions to decide again. Adds the recorded decisions of the others to `decisions`.

        `items`: the stored items of the transactions that were not in the expected state, by position.
        """
        for position, entry in enumerate(pending):
            item = items.get(position)
            if item is None:
                yield entry
                continue
            self._telemetry.set_transaction(entry.transaction.transaction_id)
            if "decision" in item:
                self._telemetry.info("transaction already decided")
                decisions[entry.position] = decode_decision(item["decision"])
            elif "transaction_id" not in item:
                self._telemetry.info("transaction not in the table")
            else:
                entry.label = item["label"]["S"] if "label" in item else None
                entry.counts_merchant = "format" not in item
                yield entry

    def _compute_delay_seconds(self, decision: Decision) -> int:
        """The time for a summary until the decisions of its alert window are recorded, or 0."""
        if decision.notification is not Notification.SUMMARY:
            return 0
        ends_at = decision.window_started_at + self._decider.alert_window_seconds * 1000
        delay_ms = ends_at + _RECORDING_MS - self._clock()
        return min(max(-(-delay_ms // 1000), 0), _MAX_DELAY_SECONDS)

    def _report(self, transaction: TransactionInserted, decision: Decision) -> None:
        telemetry = self._telemetry
        telemetry.set_transaction(transaction.transaction_id)
        latency_ms = self._clock() - transaction.received_at
        telemetry.count("TransactionsScored")
        if not transaction.historic:
            # The objective is for transactions as they happen. A transfer of past ones makes accounts busy.
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


def _refresh(
    profiles: StoredProfiles, account_id: str, decided: Sequence[DecidedTransaction], account: Item | None
) -> StoredProfiles | None:
    """The profiles for the next attempt without reading them, if the refusal contained the account's item."""
    if account is None or any(entry.changes_merchant for entry in decided):
        return None
    return profiles._replace(account=decode_account(account_id, account))


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
    transaction: dict[str, EventAttribute]


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
