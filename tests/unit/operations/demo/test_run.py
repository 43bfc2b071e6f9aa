"""A run: which alerts are due by what was decided, which came, how late, and what else went wrong."""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from urllib3 import HTTPHeaderDict

from functions.common.domain.decision import Decision, Told
from functions.common.domain.transaction import Transaction
from operations.demo.outcome import Alert, Findings
from operations.demo.run import Watch
from operations.ingest.api_client import Answer
from operations.ingest.responses import RefusedCallerError
from tests.unit.operations.fake_mailbox import FakeMailbox, mail


def transaction(transaction_id: str, account_id: str = "a") -> Transaction:
    return Transaction(
        transaction_id=transaction_id,
        account_id=account_id,
        merchant_id="m",
        amount=Decimal(1),
        currency="EUR",
        timestamp=5,
    )


def decision(told: Told) -> Decision:
    return Decision(
        score=0.9, suspicious=told != "none", decided_by="rules", rules_score=0.9, rules="r",
        features_version=1, features=(), decided_at=0, latency_ms=0, told=told,
    )  # fmt: skip


BIG, OTHER_BIG, SMALL = transaction("big"), transaction("other"), transaction("small")


@dataclass
class Pipeline:
    """Stores and decides everything, `told` as it says (else "none"), and mails about those in `mails_about`.

    It is the client, the decisions and the mailbox in one. Decisions are not there when first asked for.
    """

    mails_about: tuple[str, ...] = ()
    told: Mapping[str, Told] = field(default_factory=dict)
    undecided: tuple[str, ...] = ()
    statuses: dict[str, int] = field(default_factory=dict)
    message_ids: tuple[str, ...] = ("m1",)
    mailbox: FakeMailbox = field(default_factory=FakeMailbox)
    shown: list[Alert] = field(default_factory=list)
    progress: list[int] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)
    asked: int = 0

    def post(self, body: bytes) -> Answer:
        posted = json.loads(body)["transaction_id"]
        self.posted.append(posted)
        if posted in self.mails_about:
            for message_id in self.message_ids:
                received_ms = int(time.time() * 1000) + 40
                self.mailbox.deliver(mail(posted, received_ms=received_ms, message_id=message_id))
        return Answer(self.statuses.get(posted, 201), b'{"detail": "no"}', HTTPHeaderDict())

    def of(self, transactions: Sequence[Transaction]) -> Mapping[str, Decision]:
        self.asked += 1
        names = [each.transaction_id for each in transactions] if self.asked > 1 else []
        return {name: decision(self.told.get(name, "none")) for name in names if name not in self.undecided}

    def watch(self) -> Watch:
        show, progress = self.shown.append, self.progress.append
        return Watch(self, self.mailbox, self, show=show, progress=progress, settle_seconds=0.1)

    def run(self, *transactions: Transaction, patience_seconds: float = 5.0) -> Findings:
        return self.watch().run(transactions, per_second=1e6, patience_seconds=patience_seconds)


def test_every_alert_that_is_due_and_no_other_is_as_it_should_be() -> None:
    pipeline = Pipeline(mails_about=("big", "other"), told={"big": "sent", "other": "sent"})
    findings = pipeline.run(BIG, SMALL, OTHER_BIG)
    assert findings.as_it_should
    assert (findings.flagged, set(findings.alerts)) == (["big", "other"], {"big", "other"})
    assert {alert.transaction for alert in pipeline.shown} == {BIG, OTHER_BIG}
    assert pipeline.progress == [1, 2, 3]


def test_an_alert_that_does_not_come_is_missing() -> None:
    pipeline = Pipeline(mails_about=("big",), told={"big": "sent", "other": "sent"})
    findings = pipeline.run(BIG, OTHER_BIG, patience_seconds=0.3)
    assert (findings.missing, findings.as_it_should) == (["other"], False)


def test_what_is_folded_into_a_later_alert_is_not_waited_for() -> None:
    told: dict[str, Told] = {"big": "sent", "other": "summary", "small": "folded"}
    findings = Pipeline(mails_about=("big",), told=told).run(BIG, OTHER_BIG, SMALL)
    assert findings.as_it_should
    assert (findings.folded, len(findings.flagged)) == (["other", "small"], 3)


def test_the_alert_of_a_window_may_come_in_time_and_says_nothing_of_latency() -> None:
    told: dict[str, Told] = {"big": "sent", "other": "summary"}
    findings = Pipeline(mails_about=("big", "other"), told=told).run(BIG, OTHER_BIG)
    assert findings.as_it_should
    assert findings.latency_ms(100) == findings.alerts["big"].latency_ms


def test_an_alert_that_is_not_due_is_unexpected() -> None:
    pipeline = Pipeline(mails_about=("big", "small"), told={"big": "sent", "small": "snoozed"})
    findings = pipeline.run(BIG, SMALL)
    assert (findings.unexpected, findings.as_it_should) == (["small"], False)


def test_an_unexpected_alert_may_come_after_the_last_one_that_is_due() -> None:
    pipeline = Pipeline(mails_about=("big",), told={"big": "sent"})

    def show(alert: Alert) -> None:
        if alert.transaction == BIG:
            threading.Timer(0.05, pipeline.mailbox.deliver, [mail("small")]).start()

    watch = Watch(pipeline, pipeline.mailbox, pipeline, show=show, progress=print, settle_seconds=0.4)
    assert watch.run([SMALL, BIG], per_second=1e6, patience_seconds=5).unexpected == ["small"]


def test_a_transaction_without_a_decision_is_a_fault() -> None:
    findings = Pipeline(undecided=("small",)).run(BIG, SMALL, patience_seconds=0.3)
    assert (findings.undecided, findings.as_it_should) == ([SMALL], False)


def test_a_transaction_that_was_not_stored_is_not_waited_for() -> None:
    findings = Pipeline(statuses={"big": 400}).run(BIG)
    assert (findings.missing, list(findings.refused), findings.as_it_should) == ([], ["big"], False)


def test_the_answer_of_a_post_that_was_tried_again_is_as_good() -> None:
    pipeline = Pipeline(mails_about=("big",), told={"big": "sent"}, statuses={"big": 200})
    assert pipeline.run(BIG).as_it_should


def test_mail_about_what_others_posted_is_none_of_this_run() -> None:
    pipeline = Pipeline(mails_about=("big",), told={"big": "sent"})
    pipeline.mailbox.mails.append(mail("of somebody else"))
    assert list(pipeline.run(BIG).alerts) == ["big"]


def test_the_same_message_to_two_subscribers_is_no_repetition() -> None:
    pipeline = Pipeline(mails_about=("big",), told={"big": "sent"}, message_ids=("m1", "m1"))
    assert pipeline.run(BIG).repeated == 0


def test_a_second_message_about_a_transaction_is_a_repetition_and_no_fault() -> None:
    pipeline = Pipeline(mails_about=("big",), told={"big": "sent"}, message_ids=("m1", "m2"))
    findings = pipeline.run(BIG)
    assert (findings.repeated, findings.as_it_should) == (1, True)


def test_latency_is_from_the_post_to_the_mail() -> None:
    (alert,) = Pipeline(mails_about=("big",), told={"big": "sent"}).run(BIG).alerts.values()
    assert 39 <= alert.latency_ms < 200


def test_percentiles_are_latencies_that_were_measured() -> None:
    names = [str(ms) for ms in range(1, 11)]
    findings = Findings(
        alerts={name: Alert(mail(name), SMALL, float(name)) for name in names},
        decisions={name: decision("sent") for name in names},
    )
    assert (findings.latency_ms(50), findings.latency_ms(95)) == (5, 10)
    assert Findings().latency_ms(50) is None


def test_transactions_of_one_account_are_posted_in_their_order() -> None:
    pipeline = Pipeline()
    pipeline.run(*(transaction(f"{number:02}", f"account-{number % 3}") for number in range(60)))
    for account in range(3):
        names = [name for name in pipeline.posted if int(name) % 3 == account]
        assert names == sorted(names)
    assert len(pipeline.posted) == 60


def test_a_refused_caller_ends_the_run() -> None:
    with pytest.raises(RefusedCallerError):
        Pipeline(statuses={"big": 403}).run(BIG)


def test_posts_are_spread_over_time() -> None:
    started = time.monotonic()
    posts = [transaction(f"small-{number}") for number in range(11)]
    Pipeline().watch().run(posts, per_second=50, patience_seconds=0)
    assert time.monotonic() - started >= 10 / 50


def test_ctrl_c_is_part_of_the_findings() -> None:
    def transactions() -> Iterator[Transaction]:
        yield SMALL
        raise KeyboardInterrupt

    findings = Pipeline().watch().run(transactions(), per_second=1e6, patience_seconds=5)
    assert (findings.interrupted, findings.as_it_should) == (True, False)
