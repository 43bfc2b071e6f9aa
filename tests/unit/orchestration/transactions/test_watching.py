"""A run's findings: which alerts are due, which came, how late, and what else went wrong."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from urllib3 import HTTPHeaderDict

from functions.common.transaction import Transaction
from functions.fraud.rules import RuleSet
from orchestration.transactions.answers import RefusedCallerError
from orchestration.transactions.client import Answer
from orchestration.transactions.watching import Alert, Findings, Watch
from tests.unit.orchestration.fake_mailbox import FakeMailbox, mail

RULES = RuleSet.from_data(
    {
        "threshold": 0.5,
        "rules": [
            {"id": "over", "weight": 0.9, "reason": "Over {limit}", "amount_over": {"default": 100}},
        ],
    }
)


def transaction(transaction_id: str, amount: int) -> Transaction:
    return Transaction(
        transaction_id=transaction_id,
        account_id="a",
        merchant_id="m",
        amount=Decimal(amount),
        currency="EUR",
        timestamp=5,
    )


BIG, OTHER_BIG, SMALL = transaction("big", 101), transaction("other", 500), transaction("small", 100)


@dataclass
class Pipeline:
    """Stores everything, and mails about those in `mails_about`; it is the client and the mailbox in one."""

    mails_about: tuple[str, ...] = ()
    statuses: dict[str, int] = field(default_factory=dict)
    message_ids: tuple[str, ...] = ("m1",)
    mailbox: FakeMailbox = field(default_factory=FakeMailbox)
    shown: list[Alert] = field(default_factory=list)
    progress: list[int] = field(default_factory=list)

    def post(self, body: bytes) -> Answer:
        posted = json.loads(body)["transaction_id"]
        if posted in self.mails_about:
            for message_id in self.message_ids:
                received_ms = int(time.time() * 1000) + 40
                self.mailbox.deliver(mail(posted, received_ms=received_ms, message_id=message_id))
        return Answer(self.statuses.get(posted, 201), b'{"detail": "no"}', HTTPHeaderDict())

    def watch(self) -> Watch:
        show, progress = self.shown.append, self.progress.append
        return Watch(self, self.mailbox, RULES, show=show, progress=progress, settle_seconds=0.1)

    def run(self, *transactions: Transaction, patience_seconds: float = 5.0) -> Findings:
        return self.watch().run(transactions, per_second=1e6, patience_seconds=patience_seconds)


def test_every_flagged_transaction_with_its_alert_is_as_it_should_be() -> None:
    pipeline = Pipeline(mails_about=("big", "other"))
    findings = pipeline.run(BIG, SMALL, OTHER_BIG)
    assert findings.as_it_should
    assert (findings.flagged, set(findings.alerts)) == ({"big", "other"}, {"big", "other"})
    assert {alert.transaction for alert in pipeline.shown} == {BIG, OTHER_BIG}
    assert pipeline.progress == [1, 2, 3]


def test_an_alert_that_does_not_come_is_missing() -> None:
    findings = Pipeline(mails_about=("big",)).run(BIG, OTHER_BIG, patience_seconds=0.05)
    assert (findings.missing, findings.as_it_should) == (["other"], False)


def test_an_alert_that_no_rule_explains_is_unexpected() -> None:
    findings = Pipeline(mails_about=("big", "small")).run(BIG, SMALL)
    assert (findings.unexpected, findings.as_it_should) == (["small"], False)


def test_an_unexpected_alert_may_come_after_the_last_one_that_is_due() -> None:
    pipeline = Pipeline(mails_about=("big",))

    def show(alert: Alert) -> None:
        if alert.transaction == BIG:
            threading.Timer(0.05, pipeline.mailbox.deliver, [mail("small")]).start()

    watch = Watch(pipeline, pipeline.mailbox, RULES, show=show, progress=print, settle_seconds=0.4)
    assert watch.run([SMALL, BIG], per_second=1e6, patience_seconds=5).unexpected == ["small"]


def test_a_transaction_that_was_not_stored_is_not_waited_for() -> None:
    findings = Pipeline(statuses={"big": 400}).run(BIG)
    assert (findings.missing, list(findings.refused), findings.as_it_should) == ([], ["big"], False)


def test_the_answer_of_a_post_that_was_tried_again_is_as_good() -> None:
    assert Pipeline(mails_about=("big",), statuses={"big": 200}).run(BIG).as_it_should


def test_mail_about_what_others_posted_is_none_of_this_run() -> None:
    pipeline = Pipeline(mails_about=("big",))
    pipeline.mailbox.mails.append(mail("of somebody else"))
    assert list(pipeline.run(BIG).alerts) == ["big"]


def test_the_same_message_to_two_subscribers_is_no_repetition() -> None:
    assert Pipeline(mails_about=("big",), message_ids=("m1", "m1")).run(BIG).repeated == 0


def test_a_second_message_about_a_transaction_is_a_repetition_and_no_fault() -> None:
    findings = Pipeline(mails_about=("big",), message_ids=("m1", "m2")).run(BIG)
    assert (findings.repeated, findings.as_it_should) == (1, True)


def test_latency_is_from_the_post_to_the_mail() -> None:
    (alert,) = Pipeline(mails_about=("big",)).run(BIG).alerts.values()
    assert 39 <= alert.latency_ms < 200


def test_percentiles_are_latencies_that_were_measured() -> None:
    alerts = {str(ms): Alert(mail(str(ms)), SMALL, float(ms)) for ms in range(1, 11)}
    findings = Findings(alerts=alerts)
    assert (findings.latency_ms(50), findings.latency_ms(95)) == (5, 10)
    assert Findings().latency_ms(50) is None


def test_a_refused_caller_ends_the_run() -> None:
    with pytest.raises(RefusedCallerError):
        Pipeline(statuses={"big": 403}).run(BIG)


def test_posts_are_spread_over_time() -> None:
    started = time.monotonic()
    Pipeline().watch().run([replace_id(number) for number in range(11)], per_second=50, patience_seconds=0)
    assert time.monotonic() - started >= 10 / 50


def test_ctrl_c_is_part_of_the_findings() -> None:
    def transactions() -> Iterator[Transaction]:
        yield SMALL
        raise KeyboardInterrupt

    findings = Pipeline().watch().run(transactions(), per_second=1e6, patience_seconds=5)
    assert (findings.interrupted, findings.as_it_should) == (True, False)


def replace_id(number: int) -> Transaction:
    return transaction(f"small-{number}", 1)
