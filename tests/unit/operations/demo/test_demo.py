"""The demonstration: its output, its exit status and its options."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.common.domain.decision import Decision, Notification
from functions.common.domain.transaction import Transaction
from functions.common.runtime.clock import now_ms
from functions.labels.label import Label
from operations.demo.demo import DemoPipeline, run_demo
from operations.demo.scenario import build_scenario
from terminal.errors import UserError
from tests.unit.operations.fake_api import FakeApi, Request, running
from tests.unit.operations.fake_mailbox import FakeMailbox, mail

QUEUES = {"suspicious-dlq": "https://queue/1", "fraud-failures": "https://queue/2"}


@dataclass
class FakeQueues:
    """SQS whose queues hold the next number of `counts` at each request, then none."""

    counts: list[int] = field(default_factory=list)

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        count = self.counts.pop(0) if self.counts else 0
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return {"Attributes": {names[0]: str(count), names[1]: "0", "VisibilityTimeout": "360"}}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running() as fake:
        yield fake


def build_pipeline(
    api: FakeApi, notification: Notification, counts: Sequence[int] = (), *, mails: bool = False
) -> DemoPipeline:
    """A pipeline that decides every transaction with the same notification."""
    mailbox = FakeMailbox()

    def send_mail(request: Request) -> None:
        if "account_id" in (body := request.transaction()):
            mailbox.deliver(mail(str(body["transaction_id"]), received_ms=int(time.time() * 1000) + 5))

    def read_decisions(transactions: Sequence[Transaction]) -> Mapping[str, Decision]:
        decision = Decision(
            score=0.9, suspicious=notification != "none", decided_by="rules", rules_score=0.9, rules="r",
            features_version=1, features=(), decided_at=0, latency_ms=0, notification=notification,
        )  # fmt: skip
        return {row.transaction_id: decision for row in transactions}

    if mails:
        api.on_request = send_mail
    sqs: Any = FakeQueues(list(counts))
    return DemoPipeline(api.target(), api.target(), mailbox, read_decisions, sqs, QUEUES)


def run_fast(pipeline: DemoPipeline, **options: Any) -> int:
    return run_demo(pipeline, **{"count": 1, "rate": 1000, "settle_seconds": 0.05, **options})


def read_words(text: str) -> set[str]:
    return {" ".join(line.split()) for line in text.splitlines()}


def test_alerts_and_a_summary_are_shown(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_fast(build_pipeline(api, Notification.SENT, mails=True), count=4) == 0
    output = capsys.readouterr().out
    assert output.count("ms after the POST\n          Too much (+0.60)\n          Too far (+0.30)\n") == 4
    words = read_words(output)
    assert {"posted 4", "flagged 4", "alerts received 4", "dead letters none in 2 queues"} <= words
    assert "POST to mail" in output
    assert "explain s1-" in output


def test_runs_with_the_same_seed_post_the_same_transactions_with_new_ids(api: FakeApi) -> None:
    for _ in range(2):
        run_fast(build_pipeline(api, Notification.NONE), count=3, seed=5)
    posted = [json.loads(request.body) for request in api.requests if b"account_id" in request.body]
    assert len({body["transaction_id"] for body in posted}) == 6
    assert len({(body["timestamp"], body["amount"]) for body in posted}) == 3


def test_missing_alert_is_named_and_fails(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_fast(build_pipeline(api, Notification.SENT), patience_seconds=0.05) == 1
    errors = capsys.readouterr().err
    assert "s1-" in errors
    assert "logs --function fraud" in errors


def test_unexpected_alert_is_named_and_fails(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_fast(build_pipeline(api, Notification.NONE, mails=True)) == 1
    assert "explain s1-" in capsys.readouterr().err


def test_growing_failure_queue_is_named_and_fails(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_fast(build_pipeline(api, Notification.NONE, [0, 2, 3, 2])) == 1
    output = capsys.readouterr()
    assert "suspicious-dlq: 3" in output.err
    assert "fraud-failures" not in output.err
    assert "suspicious-dlq: 3, fraud-failures: 2" in output.out


def test_failed_messages_of_an_earlier_run_are_shown_and_do_not_fail(
    api: FakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_fast(build_pipeline(api, Notification.NONE, [1, 0, 1, 0])) == 0
    assert "suspicious-dlq: 1" in capsys.readouterr().out


def test_refused_transaction_is_named_with_its_reason_and_fails(
    api: FakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answer(400, {"detail": "Bad."})
    assert run_fast(build_pipeline(api, Notification.NONE)) == 1
    errors = capsys.readouterr().err
    assert "s1-" in errors
    assert "Bad." in errors


@pytest.mark.parametrize(("count", "rate"), [(0, 1.0), (1, 0.0), (1, 1e-300), (1, float("nan"))])
def test_count_and_rate_have_bounds(api: FakeApi, count: int, rate: float) -> None:
    with pytest.raises(UserError) as raised:
        run_fast(build_pipeline(api, Notification.NONE), count=count, rate=rate)
    assert raised.value.message.startswith("--count" if count == 0 else "--rate")
    assert not api.requests


def test_labels_are_posted_after_their_transactions(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_fast(build_pipeline(api, Notification.NONE), count=10) == 0
    bodies = [request.transaction() for request in api.requests]
    labels = [index for index, body in enumerate(bodies) if "label" in body]
    assert labels
    for index in labels:
        earlier = [body["transaction_id"] for body in bodies[:index]]
        assert bodies[index]["transaction_id"] in earlier
    assert f"frauds reported {len(labels)}" in read_words(capsys.readouterr().out)


def test_refused_label_is_named_with_its_reason_and_fails(
    api: FakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = build_scenario(1, "r", 10, now_ms())
    first = next(index for index, step in enumerate(steps) if isinstance(step, Label))
    api.answers += [(201, b"{}", {})] * first + [(400, b'{"detail": "Bad."}', {})]
    assert run_fast(build_pipeline(api, Notification.NONE), count=10) == 1
    errors = capsys.readouterr().err
    assert "Bad." in errors
    assert "logs --function labels" in errors


def test_grouped_alerts_are_counted_and_do_not_fail(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_fast(build_pipeline(api, Notification.FOLDED), count=2) == 0
    flagged = next(words for words in read_words(capsys.readouterr().out) if words.startswith("flagged"))
    assert flagged.startswith("flagged 2 (2 ")
