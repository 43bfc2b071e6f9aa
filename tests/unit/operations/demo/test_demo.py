"""The demonstration: what it shows, what it demands, and its exit status."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.common.domain.decision import Decision, Told
from functions.common.domain.transaction import Transaction
from functions.common.runtime.clock import now_ms
from functions.labels.label import Label
from operations.demo.demo import Pipeline, run
from operations.demo.scenario import story
from terminal.errors import UserError
from tests.unit.operations.fake_api import FakeApi, Request, running
from tests.unit.operations.fake_mailbox import FakeMailbox, mail

QUEUES = {"notify": "https://queue/1", "fraud": "https://queue/2"}


@dataclass
class Queues:
    """SQS with as many messages in each queue as the next of `depths` says."""

    depths: list[int] = field(default_factory=list)

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        depth = self.depths.pop(0) if self.depths else 0
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return {"Attributes": {names[0]: str(depth), names[1]: "0", "VisibilityTimeout": "360"}}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running() as fake:
        yield fake


@dataclass
class Decisions:
    """A table in which everybody is told of everything in the same way."""

    told: Told

    def of(self, transactions: Sequence[Transaction]) -> Mapping[str, Decision]:
        decided = Decision(
            score=0.9, suspicious=self.told != "none", decided_by="rules", rules_score=0.9, rules="r",
            features_version=1, features=(), decided_at=0, latency_ms=0, told=self.told,
        )  # fmt: skip
        return {each.transaction_id: decided for each in transactions}


def pipeline(api: FakeApi, told: Told, queues: Queues | None = None, *, mails: bool = False) -> Pipeline:
    mailbox = FakeMailbox()

    def send_mail(request: Request) -> None:
        if "account_id" in (posted := request.transaction()):
            sent = mail(str(posted["transaction_id"]), received_ms=int(time.time() * 1000) + 5)
            mailbox.deliver(sent)

    if mails:
        api.on_request = send_mail
    sqs: Any = queues or Queues()
    return Pipeline(api.target(), api.target(), mailbox, Decisions(told), sqs, QUEUES)


def test_it_shows_each_alert_and_a_summary(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(pipeline(api, "sent", mails=True), count=4, rate=1000, settle_seconds=0.05) == 0
    shown = capsys.readouterr().out
    assert shown.count("ms after the POST\n          Too much (+0.60)\n          Too far (+0.30)\n") == 4
    lines = {" ".join(line.split()) for line in shown.splitlines()}
    assert {"posted 4", "flagged 4", "alerts received 4", "dead letters none in 2 queues"} <= lines
    assert "POST to mail" in shown
    assert "Try next" in shown
    assert "invoke explain s1-" in shown


def test_it_posts_the_same_transactions_under_new_ids(api: FakeApi) -> None:
    for _ in range(2):
        run(pipeline(api, "none"), count=3, rate=1000, settle_seconds=0.05, seed=5)
    posted = [json.loads(request.body) for request in api.requests if b"account_id" in request.body]
    assert len({each["transaction_id"] for each in posted}) == 6
    assert len({(each["timestamp"], each["amount"]) for each in posted}) == 3


def test_a_missing_alert_fails_and_says_which(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(pipeline(api, "sent"), count=1, rate=1000, settle_seconds=0.05, patience_seconds=0.05) == 1
    assert "1 flagged without an alert: s1-" in capsys.readouterr().err


def test_an_unexpected_alert_fails_and_says_which(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(pipeline(api, "none", mails=True), count=1, rate=1000, settle_seconds=0.05) == 1
    assert "1 alerts that are not due: s1-" in capsys.readouterr().err


def test_what_is_set_aside_on_the_way_fails(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(pipeline(api, "none", Queues([0, 2, 3, 2])), count=1, rate=1000, settle_seconds=0.05) == 1
    shown = capsys.readouterr()
    assert "Set aside during this run: notify: 3." in shown.err
    assert "notify: 3, fraud: 2" in shown.out


def test_what_an_earlier_run_left_is_shown_and_no_failure(
    api: FakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(pipeline(api, "none", Queues([1, 0, 1, 0])), count=1, rate=1000, settle_seconds=0.05) == 0
    assert "notify: 1" in capsys.readouterr().out


def test_a_transaction_that_was_not_stored_fails(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.answer(400, {"detail": "Bad."})
    assert run(pipeline(api, "none"), count=1, rate=1000, settle_seconds=0.05) == 1
    assert "was not stored: Bad." in capsys.readouterr().err


@pytest.mark.parametrize(("count", "rate"), [(0, 1.0), (1, 0.0), (1, 1e-300), (1, float("nan"))])
def test_count_and_rate_have_to_be_something(api: FakeApi, count: int, rate: float) -> None:
    with pytest.raises(UserError, match="must be"):
        run(pipeline(api, "none"), count=count, rate=rate)


def test_frauds_are_reported_after_they_were_posted(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(pipeline(api, "none"), count=10, rate=1000, settle_seconds=0.05) == 0
    bodies = [request.transaction() for request in api.requests]
    reported = [place for place, each in enumerate(bodies) if "label" in each]
    for place in reported:
        before = [each["transaction_id"] for each in bodies[:place]]
        assert bodies[place]["transaction_id"] in before
    shown = {" ".join(line.split()) for line in capsys.readouterr().out.splitlines()}
    assert f"frauds reported {len(reported)}" in shown
    assert reported


def test_a_label_that_was_refused_fails(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    steps = story(1, "r", 10, now_ms())
    first = next(place for place, step in enumerate(steps) if isinstance(step, Label))
    api.answers += [(201, b"{}", {})] * first + [(400, b'{"detail": "Bad."}', {})]
    assert run(pipeline(api, "none"), count=10, rate=1000, settle_seconds=0.05) == 1
    assert "was not labelled: Bad." in capsys.readouterr().err


def test_what_is_told_of_later_is_counted_and_no_failure(
    api: FakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(pipeline(api, "folded"), count=2, rate=1000, settle_seconds=0.05) == 0
    assert "2 (2 told of together, when the window ends)" in capsys.readouterr().out
