"""The demonstration: what it shows, what it demands, and its exit status."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.fraud.rules import RuleSet
from orchestration.errors import UserError
from orchestration.transactions.demo import Pipeline, run
from tests.unit.orchestration.fake_api import FakeApi, running
from tests.unit.orchestration.fake_mailbox import FakeMailbox, mail

FLAGS_ALL = {
    "threshold": 0.1,
    "rules": [{"id": "r", "weight": 1, "reason": "R", "amount_over": {"default": 0.1}}],
}
FLAGS_NONE = {"threshold": 0.1}
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


def pipeline(api: FakeApi, rules: object, queues: Queues | None = None, *, mails: bool = False) -> Pipeline:
    mailbox = FakeMailbox()
    if mails:
        api.on_request = lambda request: mailbox.deliver(
            mail(str(request.transaction()["transaction_id"]), received_ms=int(time.time() * 1000) + 5)
        )
    sqs: Any = queues or Queues()
    return Pipeline(api.target(), mailbox, RuleSet.from_data(rules), sqs, QUEUES)


def test_it_shows_each_alert_and_a_summary(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(pipeline(api, FLAGS_ALL, mails=True), count=4, rate=1000, settle_seconds=0.05) == 0
    shown = capsys.readouterr().out
    assert shown.count("ms after the POST\n          Too much (+0.60)\n          Too far (+0.30)\n") == 4
    lines = {" ".join(line.split()) for line in shown.splitlines()}
    assert {"posted 4", "flagged 4", "alerts received 4", "dead letters none in 2 queues"} <= lines
    assert "POST to mail" in shown
    assert "Try next" in shown


def test_it_posts_the_same_transactions_under_new_ids(api: FakeApi) -> None:
    for _ in range(2):
        run(pipeline(api, FLAGS_NONE), count=3, rate=1000, settle_seconds=0.05, seed=5)
    posted = [json.loads(request.body) for request in api.requests]
    assert len({each["transaction_id"] for each in posted}) == 6
    assert len({(each["account_id"], each["amount"]) for each in posted}) == 3


def test_a_missing_alert_fails_and_says_which(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(pipeline(api, FLAGS_ALL), count=1, rate=1000, settle_seconds=0.05, patience_seconds=0.05) == 1
    assert "1 flagged without an alert: s1-" in capsys.readouterr().err


def test_an_unexpected_alert_fails_and_says_which(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(pipeline(api, FLAGS_NONE, mails=True), count=1, rate=1000, settle_seconds=0.05) == 1
    assert "1 alerts for what no rule flags: s1-" in capsys.readouterr().err


def test_what_is_set_aside_on_the_way_fails(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(pipeline(api, FLAGS_NONE, Queues([0, 2, 3, 2])), count=1, rate=1000, settle_seconds=0.05) == 1
    shown = capsys.readouterr()
    assert "Set aside during this run: notify: 3." in shown.err
    assert "notify: 3, fraud: 2" in shown.out


def test_what_an_earlier_run_left_is_shown_and_no_failure(
    api: FakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(pipeline(api, FLAGS_NONE, Queues([1, 0, 1, 0])), count=1, rate=1000, settle_seconds=0.05) == 0
    assert "notify: 1" in capsys.readouterr().out


def test_a_transaction_that_was_not_stored_fails(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.answer(400, {"detail": "Bad."})
    assert run(pipeline(api, FLAGS_NONE), count=1, rate=1000, settle_seconds=0.05) == 1
    assert "was not stored: Bad." in capsys.readouterr().err


@pytest.mark.parametrize(("count", "rate"), [(0, 1.0), (1, 0.0), (1, 1e-300), (1, float("nan"))])
def test_count_and_rate_have_to_be_something(api: FakeApi, count: int, rate: float) -> None:
    with pytest.raises(UserError, match="must be"):
        run(pipeline(api, FLAGS_NONE), count=count, rate=rate)
