"""Posts transactions at a rate, and watches for the alerts of exactly those that should have one."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from math import ceil
from typing import Protocol

from functions.common.event import TransactionInserted
from functions.common.transaction import Transaction
from functions.fraud.rules import RuleSet
from functions.fraud.scoring import NO_FEATURES, score
from local.mailbox import Mail
from orchestration.transactions.answers import Outcome, Verdict, judge
from orchestration.transactions.parallel import Workers
from orchestration.transactions.posting import Client
from orchestration.transactions.simulate import body

THREADS = 16
# After the last alert that is due, one that is not due would come within this time.
SETTLE_SECONDS = 0.5


class Following(Protocol):
    """What watching needs of the mailbox."""

    def follow(self, stop: threading.Event, *, after: str = "") -> Iterator[Mail]:
        """Mails as they come, from the one after `after`, until `stop` is set."""


@dataclass(frozen=True)
class Alert:
    """A mail about a transaction of this run; `latency_ms` is from its POST to the mail."""

    mail: Mail
    transaction: Transaction
    latency_ms: float


@dataclass
class Findings:
    """What was posted and what came of it; ids are the transactions'."""

    posted: dict[str, Transaction] = field(default_factory=dict)
    flagged: set[str] = field(default_factory=set)
    alerts: dict[str, Alert] = field(default_factory=dict)
    refused: dict[str, Verdict] = field(default_factory=dict)
    repeated: int = 0
    interrupted: bool = False

    @property
    def missing(self) -> list[str]:
        """Flagged, stored, and nobody was told."""
        return sorted(self.flagged - self.alerts.keys() - self.refused.keys())

    @property
    def unexpected(self) -> list[str]:
        """Somebody was told of what no rule flags."""
        return sorted(self.alerts.keys() - self.flagged)

    @property
    def as_it_should(self) -> bool:
        """Every transaction was stored, every flagged one led to an alert, and nothing else did."""
        return not (self.missing or self.unexpected or self.refused or self.interrupted)

    def latency_ms(self, percent: float) -> float | None:
        """The latency that `percent` of the alerts do not exceed; None without any alert."""
        ordered = sorted(alert.latency_ms for alert in self.alerts.values())
        return ordered[ceil(len(ordered) * percent / 100) - 1] if ordered else None


class Watch:
    """One run: `client` posts, `mailbox` gets the alerts of what `rules` flag, `show` is told of each alert.

    `progress` is told, after each answer, how many there are.
    """

    def __init__(
        self,
        client: Client,
        mailbox: Following,
        rules: RuleSet,
        *,
        show: Callable[[Alert], None],
        progress: Callable[[int], None],
        after: str = "",
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._client = client
        self._mailbox = mailbox
        self._rules = rules
        self._show = show
        self._progress = progress
        self._after = after
        self._settle_seconds = settle_seconds
        self._posted_at_ms: dict[str, float] = {}
        self._changed = threading.Condition()
        self._answers = 0
        self.findings = Findings()

    def run(
        self, transactions: Iterable[Transaction], per_second: float, patience_seconds: float
    ) -> Findings:
        """Post all, and wait for the alerts until `patience_seconds` after the last answer.

        Raises `UserError` where the API refuses whatever is posted. Ctrl-C ends it early: see the findings.
        """
        stop = threading.Event()
        follower = threading.Thread(target=self._follow, args=(stop,), daemon=True)
        follower.start()
        try:
            self._post_all(transactions, per_second, stop)
            self._wait_for_alerts(patience_seconds, stop)
        except KeyboardInterrupt:
            self.findings.interrupted = True
        finally:
            stop.set()
        follower.join(self._settle_seconds)
        return self.findings

    def _post_all(
        self, transactions: Iterable[Transaction], per_second: float, stop: threading.Event
    ) -> None:
        workers: Workers[Transaction, None] = Workers(self._post, THREADS)
        started, open_answers = time.monotonic(), list[Future[None]]()
        try:
            for number, transaction in enumerate(transactions):
                # Due times are counted from the start, so that a slow answer does not lower the rate.
                stop.wait(max(0.0, started + number / per_second - time.monotonic()))
                self._expect(transaction)
                open_answers.append(workers.submit(transaction))
                if number == 0:
                    # Functions that were idle start with it; all at once, that many would start side by side.
                    open_answers.pop().result()
                    started = time.monotonic()
                open_answers = _without_finished(open_answers)
            for answer in open_answers:
                answer.result()
        finally:
            for answer in open_answers:
                answer.cancel()
            workers.close()

    def _expect(self, transaction: Transaction) -> None:
        decision = score(_as_event(transaction), NO_FEATURES, self._rules)
        with self._changed:
            self.findings.posted[transaction.transaction_id] = transaction
            if decision.suspicious:
                self.findings.flagged.add(transaction.transaction_id)

    def _post(self, transaction: Transaction) -> None:
        # Before the POST: its time is part of what somebody who waits for the alert waits for.
        self._posted_at_ms[transaction.transaction_id] = time.time() * 1000
        verdict = judge(self._client.post(body(transaction)))
        with self._changed:
            if verdict.outcome not in (Outcome.STORED, Outcome.REPLAYED):
                self.findings.refused[transaction.transaction_id] = verdict
            self._answers += 1
            self._progress(self._answers)

    def _wait_for_alerts(self, patience_seconds: float, stop: threading.Event) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self.findings.missing, patience_seconds)
        stop.wait(self._settle_seconds)

    def _follow(self, stop: threading.Event) -> None:
        for mail in self._mailbox.follow(stop, after=self._after):
            self._receive(mail)

    def _receive(self, mail: Mail) -> None:
        transaction_id = mail.attributes.get("transaction_id", "")
        with self._changed:
            transaction = self.findings.posted.get(transaction_id)
            if transaction is None:
                # Somebody else posts at the same time, or an earlier run was cut off.
                return
            if earlier := self.findings.alerts.get(transaction_id):
                # The same message is mailed once per subscriber; another one is a repetition.
                self.findings.repeated += mail.message_id != earlier.mail.message_id
                return
            alert = Alert(mail, transaction, mail.received_ms - self._posted_at_ms[transaction_id])
            self.findings.alerts[transaction_id] = alert
            self._show(alert)
            self._changed.notify_all()


def _as_event(transaction: Transaction) -> TransactionInserted:
    return TransactionInserted(
        transaction_id=transaction.transaction_id,
        timestamp=transaction.timestamp,
        account_id=transaction.account_id,
        merchant_id=transaction.merchant_id,
        amount=transaction.amount,
        currency=transaction.currency,
        channel=transaction.channel,
        country=transaction.country,
        merchant_category=transaction.merchant_category,
        received_at=transaction.timestamp,
    )


def _without_finished(answers: list[Future[None]]) -> list[Future[None]]:
    """Those that are not there yet; raises what a finished one raised, so that it is told at once."""
    for answer in answers:
        if answer.done():
            answer.result()
    return [answer for answer in answers if not answer.done()]
