"""A run: expected and received alerts, latencies, refusals and interruptions."""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from urllib3 import HTTPHeaderDict

from functions.common.domain.decision import Decision, Notification
from functions.common.domain.transaction import Transaction
from operations.demo.run import PipelineRun
from operations.demo.run_result import ReceivedAlert, RunResult
from operations.ingest.api_client import ApiResponse
from operations.ingest.responses import CallerRefusedError
from tests.unit.operations.fake_mailbox import FakeMailbox, mail

NONE, SENT, SUMMARY = Notification.NONE, Notification.SENT, Notification.SUMMARY
FOLDED, SNOOZED = Notification.FOLDED, Notification.SNOOZED


def transaction(transaction_id: str, account_id: str = "a") -> Transaction:
    return Transaction(
        transaction_id=transaction_id,
        account_id=account_id,
        merchant_id="m",
        amount=Decimal(1),
        currency="EUR",
        timestamp=5,
    )


def decision(notification: Notification) -> Decision:
    return Decision(
        score=0.9, suspicious=notification != NONE, decided_by="rules", rules_score=0.9, rules="r",
        features_version=1, features=(), decided_at=0, latency_ms=0, notification=notification,
    )  # fmt: skip


BIG, OTHER_BIG, SMALL = transaction("big"), transaction("other"), transaction("small")


@dataclass
class FakePipeline:
    """Stores and decides every transaction, and mails about those in `mails_about`.

    Decisions have the given notifications, "none" by default. The first read of decisions returns none.
    """

    mails_about: tuple[str, ...] = ()
    notifications: Mapping[str, Notification] = field(default_factory=dict)
    undecided: tuple[str, ...] = ()
    statuses: dict[str, int] = field(default_factory=dict)
    message_ids: tuple[str, ...] = ("m1",)
    mailbox: FakeMailbox = field(default_factory=FakeMailbox)
    alerts: list[ReceivedAlert] = field(default_factory=list)
    progress: list[int] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)
    reads: int = 0

    def post(self, body: bytes) -> ApiResponse:
        transaction_id = json.loads(body)["transaction_id"]
        self.posted.append(transaction_id)
        if transaction_id in self.mails_about:
            for message_id in self.message_ids:
                received_ms = int(time.time() * 1000) + 40
                self.mailbox.deliver(mail(transaction_id, received_ms=received_ms, message_id=message_id))
        return ApiResponse(self.statuses.get(transaction_id, 201), b'{"detail": "no"}', HTTPHeaderDict())

    def read_decisions(self, transactions: Sequence[Transaction]) -> Mapping[str, Decision]:
        self.reads += 1
        ids = [row.transaction_id for row in transactions] if self.reads > 1 else []
        return {id_: decision(self.notifications.get(id_, NONE)) for id_ in ids if id_ not in self.undecided}

    def start_run(self, settle_seconds: float = 0.1) -> PipelineRun:
        return PipelineRun(
            self.post,
            self.mailbox,
            self.read_decisions,
            show=self.alerts.append,
            progress=self.progress.append,
            settle_seconds=settle_seconds,
        )

    def run(self, *transactions: Transaction, patience_seconds: float = 5.0) -> RunResult:
        return self.start_run().execute(transactions, per_second=1e6, patience_seconds=patience_seconds)


def test_result_is_ok_if_exactly_the_expected_alerts_arrive() -> None:
    pipeline = FakePipeline(mails_about=("big", "other"), notifications={"big": SENT, "other": SENT})
    result = pipeline.run(BIG, SMALL, OTHER_BIG)
    assert result.ok
    assert (result.flagged, set(result.alerts)) == (["big", "other"], {"big", "other"})
    assert {alert.transaction for alert in pipeline.alerts} == {BIG, OTHER_BIG}
    assert pipeline.progress == [1, 2, 3]


def test_expected_alert_that_does_not_arrive_is_missing() -> None:
    pipeline = FakePipeline(mails_about=("big",), notifications={"big": SENT, "other": SENT})
    result = pipeline.run(BIG, OTHER_BIG, patience_seconds=0.3)
    assert (result.missing_alerts, result.ok) == (["other"], False)


def test_run_does_not_wait_for_the_summary_of_grouped_alerts() -> None:
    notifications = {"big": SENT, "other": SUMMARY, "small": FOLDED}
    result = FakePipeline(mails_about=("big",), notifications=notifications).run(BIG, OTHER_BIG, SMALL)
    assert result.ok
    assert (result.grouped, len(result.flagged)) == (["other", "small"], 3)


def test_summary_that_arrives_during_the_run_does_not_count_for_the_latency() -> None:
    pipeline = FakePipeline(mails_about=("big", "other"), notifications={"big": SENT, "other": SUMMARY})
    result = pipeline.run(BIG, OTHER_BIG)
    assert result.ok
    assert result.latency_ms(100) == result.alerts["big"].latency_ms


def test_alert_for_a_snoozed_account_is_unexpected() -> None:
    pipeline = FakePipeline(mails_about=("big", "small"), notifications={"big": SENT, "small": SNOOZED})
    result = pipeline.run(BIG, SMALL)
    assert (result.unexpected_alerts, result.ok) == (["small"], False)


def test_unexpected_alert_is_noticed_after_the_last_expected_one() -> None:
    pipeline = FakePipeline(mails_about=("big",), notifications={"big": SENT})

    def show(alert: ReceivedAlert) -> None:
        if alert.transaction == BIG:
            threading.Timer(0.05, pipeline.mailbox.deliver, [mail("small")]).start()

    run = PipelineRun(
        pipeline.post,
        pipeline.mailbox,
        pipeline.read_decisions,
        show=show,
        progress=print,
        settle_seconds=0.4,
    )
    result = run.execute([SMALL, BIG], per_second=1e6, patience_seconds=5)
    assert result.unexpected_alerts == ["small"]


def test_transaction_without_a_decision_is_pending() -> None:
    result = FakePipeline(undecided=("small",)).run(BIG, SMALL, patience_seconds=0.3)
    assert (result.pending, result.ok) == ([SMALL], False)


def test_run_does_not_wait_for_a_refused_transaction() -> None:
    result = FakePipeline(statuses={"big": 400}).run(BIG)
    assert (result.missing_alerts, list(result.refused), result.ok) == ([], ["big"], False)


def test_replayed_transaction_is_accepted() -> None:
    pipeline = FakePipeline(mails_about=("big",), notifications={"big": SENT}, statuses={"big": 200})
    assert pipeline.run(BIG).ok


def test_mail_about_a_transaction_of_another_run_is_ignored() -> None:
    pipeline = FakePipeline(mails_about=("big",), notifications={"big": SENT})
    pipeline.mailbox.mails.append(mail("of another run"))
    assert list(pipeline.run(BIG).alerts) == ["big"]


def test_same_message_to_two_subscribers_is_not_a_repetition() -> None:
    pipeline = FakePipeline(mails_about=("big",), notifications={"big": SENT}, message_ids=("m1", "m1"))
    assert pipeline.run(BIG).repeated_alerts == 0


def test_second_message_about_a_transaction_is_a_repetition_and_not_an_error() -> None:
    pipeline = FakePipeline(mails_about=("big",), notifications={"big": SENT}, message_ids=("m1", "m2"))
    result = pipeline.run(BIG)
    assert (result.repeated_alerts, result.ok) == (1, True)


def test_latency_is_the_time_from_the_post_to_the_mail() -> None:
    pipeline = FakePipeline(mails_about=("big",), notifications={"big": SENT})
    (alert,) = pipeline.run(BIG).alerts.values()
    assert 39 <= alert.latency_ms < 200


def test_percentiles_are_measured_latencies() -> None:
    names = [str(ms) for ms in range(1, 11)]
    result = RunResult(
        alerts={name: ReceivedAlert(mail(name), SMALL, float(name)) for name in names},
        decisions={name: decision(SENT) for name in names},
    )
    assert (result.latency_ms(50), result.latency_ms(95)) == (5, 10)
    assert RunResult().latency_ms(50) is None


def test_transactions_of_one_account_are_posted_in_their_order() -> None:
    pipeline = FakePipeline()
    pipeline.run(*(transaction(f"{number:02}", f"account-{number % 3}") for number in range(60)))
    for account in range(3):
        names = [name for name in pipeline.posted if int(name) % 3 == account]
        assert names == sorted(names)
    assert len(pipeline.posted) == 60


def test_refused_caller_ends_the_run() -> None:
    with pytest.raises(CallerRefusedError):
        FakePipeline(statuses={"big": 403}).run(BIG)


def test_posts_are_spread_over_time() -> None:
    started = time.monotonic()
    posts = [transaction(f"small-{number}") for number in range(11)]
    FakePipeline().start_run().execute(posts, per_second=50, patience_seconds=0)
    assert time.monotonic() - started >= 10 / 50


def test_ctrl_c_is_recorded_in_the_result() -> None:
    def transactions() -> Iterator[Transaction]:
        yield SMALL
        raise KeyboardInterrupt

    result = FakePipeline().start_run().execute(transactions(), per_second=1e6, patience_seconds=5)
    assert (result.interrupted, result.ok) == (True, False)
