"""Posts transactions and labels at a rate, and watches for exactly those alerts that are due."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Protocol

from functions.common.domain.decision import Decision
from functions.common.domain.transaction import Transaction
from functions.labels.label import Label
from local.mailbox import Mail
from operations.demo.outcome import Alert, Findings
from operations.ingest.ordered_workers import Workers
from operations.ingest.payloads import body, label_body
from operations.ingest.poster import Client
from operations.ingest.responses import judge, judge_label

THREADS = 16
# After the last alert that is due, one that is not due would come within this time.
SETTLE_SECONDS = 0.5
_ASK_AGAIN_SECONDS = 0.2


class Following(Protocol):
    """What watching needs of the mailbox."""

    def follow(self, stop: threading.Event, *, after: str = "") -> Iterator[Mail]:
        """Mails as they come, from the one after `after`, until `stop` is set."""


class Decisions(Protocol):
    """What watching needs of the table."""

    def of(self, transactions: Sequence[Transaction]) -> Mapping[str, Decision]:
        """What was decided, by transaction id; what is not decided yet is left out."""


class Watch:
    """One run: `client` posts, `decisions` say of what people are told, `mailbox` gets it, `show` each alert.

    `labels` posts labels, if there are any. `progress` is told, after each answer, how many there are.
    """

    def __init__(
        self,
        client: Client,
        mailbox: Following,
        decisions: Decisions,
        *,
        labels: Client | None = None,
        show: Callable[[Alert], None],
        progress: Callable[[int], None],
        after: str = "",
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._client = client
        self._mailbox = mailbox
        self._decisions = decisions
        self._labels = labels
        self._show = show
        self._progress = progress
        self._after = after
        self._settle_seconds = settle_seconds
        self._posted_at_ms: dict[str, float] = {}
        self._changed = threading.Condition()
        self._answers = 0
        self.findings = Findings()

    def run(
        self, steps: Iterable[Transaction | Label], per_second: float, patience_seconds: float
    ) -> Findings:
        """Post all, and wait for decisions and alerts until `patience_seconds` after the last answer.

        Transactions of one account are posted in their order, a label after everything before it. Raises
        `UserError` where the API refuses whatever is posted. Ctrl-C ends it early: see the findings.
        """
        stop = threading.Event()
        follower = threading.Thread(target=self._follow, args=(stop,), daemon=True)
        follower.start()
        try:
            self._post_all(steps, per_second, stop)
            deadline = time.monotonic() + patience_seconds
            self._wait_for_decisions(deadline, stop)
            self._wait_for_alerts(deadline, stop)
        except KeyboardInterrupt:
            self.findings.interrupted = True
        finally:
            stop.set()
        follower.join(self._settle_seconds)
        return self.findings

    def _post_all(
        self, steps: Iterable[Transaction | Label], per_second: float, stop: threading.Event
    ) -> None:
        workers: Workers[Transaction, None] = Workers(self._post, THREADS, _account)
        started, open_answers = time.monotonic(), list[Future[None]]()
        try:
            for step in steps:
                if isinstance(step, Label):
                    _finish(open_answers)
                    self._post_label(step)
                    continue
                number = len(self.findings.posted)
                # Due times are counted from the start, so that a slow answer does not lower the rate.
                stop.wait(max(0.0, started + number / per_second - time.monotonic()))
                with self._changed:
                    self.findings.posted[step.transaction_id] = step
                open_answers.append(workers.submit(step))
                if number == 0:
                    # Functions that were idle start with it; all at once, that many would start side by side.
                    _finish(open_answers)
                    started = time.monotonic()
                open_answers = _without_finished(open_answers)
            _finish(open_answers)
        finally:
            for answer in open_answers:
                answer.cancel()
            workers.close()

    def _post(self, transaction: Transaction) -> None:
        # Before the POST: its time is part of what somebody who waits for the alert waits for.
        self._posted_at_ms[transaction.transaction_id] = time.time() * 1000
        verdict = judge(self._client.post(body(transaction)))
        with self._changed:
            if not verdict.accepted:
                self.findings.refused[transaction.transaction_id] = verdict
            self._answers += 1
            self._progress(self._answers)

    def _post_label(self, label: Label) -> None:
        if self._labels is None or label.transaction_id in self.findings.refused:
            return
        verdict = judge_label(self._labels.post(label_body(label)))
        if verdict.accepted:
            self.findings.labels += 1
        else:
            self.findings.refused_labels[label.transaction_id] = verdict

    def _wait_for_decisions(self, deadline: float, stop: threading.Event) -> None:
        while undecided := self.findings.undecided:
            found = self._decisions.of(undecided)
            with self._changed:
                self.findings.decisions.update(found)
            if len(found) < len(undecided):
                if time.monotonic() >= deadline:
                    return
                stop.wait(_ASK_AGAIN_SECONDS)

    def _wait_for_alerts(self, deadline: float, stop: threading.Event) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self.findings.missing, max(0.0, deadline - time.monotonic()))
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


def _account(transaction: Transaction) -> str:
    return transaction.account_id


def _finish(answers: list[Future[None]]) -> None:
    """Wait for all; raises what one of them raised."""
    for answer in answers:
        answer.result()
    answers.clear()


def _without_finished(answers: list[Future[None]]) -> list[Future[None]]:
    """Those that are not there yet; raises what a finished one raised, so that it is told at once."""
    for answer in answers:
        if answer.done():
            answer.result()
    return [answer for answer in answers if not answer.done()]
