"""What failed on each hop is found, sent back by redrive or replay, and decided and alerted once."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from functions.common.runtime.clock import now_ms
from operations.monitoring import queues
from operations.monitoring.locate import Location, Locator
from operations.repair import replay_command
from operations.repair.redrive_command import redrive
from operations.repair.undecided import Period
from shared.contracts import DataOutputs, text
from terminal.errors import UserError
from tests.e2e import faults
from tests.e2e.pipeline import Pipeline
from tests.e2e.transactions import suspicious, transaction
from tests.waiting import wait_for

HOUR_MS = 3_600_000


@pytest.fixture
def broken(pipeline: Pipeline) -> Iterator[Pipeline]:
    """The pipeline; what a test leaves in the failure queues is deleted."""
    faults.empty(pipeline)
    yield pipeline
    faults.empty(pipeline)


def repair(pipeline: Pipeline, queue: str = "", limit: int | None = None, *, yes: bool = True) -> int:
    return redrive(pipeline.deployed, queue=queue, limit=limit, dry_run=False, yes=yes, as_json=True)


def look(pipeline: Pipeline, capsys: pytest.CaptureFixture[str], queue: str) -> dict[str, Any]:
    """The queue as a dry run shows it."""
    capsys.readouterr()
    assert redrive(pipeline.deployed, queue=queue, limit=None, dry_run=True, yes=False, as_json=True) == 0
    (survey,) = json.loads(capsys.readouterr().out)["queues"]
    return dict(survey)


def location(pipeline: Pipeline, sent: dict[str, Any]) -> Location:
    received_at = int(pipeline.item(sent)["received_at"]["N"])
    # As if it were some minutes later: a young transaction is simply on its way.
    return Locator.of(pipeline.deployed).locate(sent["transaction_id"], received_at, now_ms() + 60_000)


def add_poison(pipeline: Pipeline, queue: str) -> None:
    sqs = pipeline.aws.client("sqs")
    sqs.send_message(QueueUrl=faults.queue(pipeline, queue).url, MessageBody='{"not": "understood"}')


def assert_only_poison_is_left(pipeline: Pipeline, queue: str) -> None:
    assert faults.messages(pipeline, queue) == 1
    assert repair(pipeline, queue) == 1
    assert faults.messages(pipeline, queue) == 1


def test_event_that_the_rule_could_not_deliver(broken: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    sent = suspicious()
    with faults.rule_without_permission(broken):
        broken.post(sent)
        faults.wait_for_messages(broken, queues.EVENTS, 1)
        place = location(broken, sent)
    assert (place.place, place.error) == ("events-failures", "NO_PERMISSIONS")
    add_poison(broken, queues.EVENTS)
    errors = {entry["error"]: entry["ids"] for entry in look(broken, capsys, queues.EVENTS)["errors"]}
    assert errors["NO_PERMISSIONS"] == [sent["transaction_id"]]
    # The dry run gave the messages back: they can be received at once.
    assert repair(broken, queues.EVENTS) == 3
    broken.mail_about(sent)
    assert len(broken.mails_about(sent)) == 1
    assert_only_poison_is_left(broken, queues.EVENTS)


def test_event_that_the_fraud_function_gave_up(broken: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    sent = suspicious()
    retry = faults.queue(broken, queues.RETRY).url
    with faults.forbidden(broken, "fraud", "dynamodb:*"), faults.impatient(broken, retry):
        broken.post(sent)
        faults.wait_for_messages(broken, queues.FRAUD, 1)
        place = location(broken, sent)
    assert place.place == "fraud-failures"
    add_poison(broken, queues.FRAUD)
    survey = look(broken, capsys, queues.FRAUD)
    assert [sent["transaction_id"]] in [entry["ids"] for entry in survey["errors"]]
    assert repair(broken, queues.FRAUD) == 3
    broken.mail_about(sent)
    assert len(broken.mails_about(sent)) == 1
    assert_only_poison_is_left(broken, queues.FRAUD)


def test_alert_that_the_topic_refused(broken: Pipeline) -> None:
    sent = suspicious()
    suspicious_queue = broken.deployed.queue_url(text(broken.outputs(DataOutputs).suspicious_queue_url))
    with faults.forbidden(broken, "notify", "sns:Publish"), faults.impatient(broken, suspicious_queue):
        broken.post(sent)
        faults.wait_for_messages(broken, queues.ALERTS, 1)
    add_poison(broken, queues.ALERTS)
    assert not broken.mails_about(sent)
    assert repair(broken, queues.ALERTS) == 3
    broken.mail_about(sent)
    assert len(broken.mails_about(sent)) == 1
    assert_only_poison_is_left(broken, queues.ALERTS)


def test_record_that_the_pipe_gave_up(broken: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    sent = suspicious()
    with faults.pipe_without_patience(broken):
        broken.post(sent)
        faults.wait_for_messages(broken, queues.PIPE, 1)
        place = location(broken, sent)
    assert (place.place, place.error) == ("pipe-failures", "RetryAttemptsExhausted")
    add_poison(broken, queues.PIPE)
    survey = look(broken, capsys, queues.PIPE)
    assert [sent["transaction_id"]] in [entry["ids"] for entry in survey["errors"]]
    assert repair(broken, queues.PIPE) == 3
    broken.mail_about(sent)
    assert len(broken.mails_about(sent)) == 1
    assert_only_poison_is_left(broken, queues.PIPE)


def test_record_that_the_stream_no_longer_has_is_found_in_the_table(broken: Pipeline) -> None:
    sent = transaction()
    with faults.rule_disabled(broken):
        broken.post(sent)
        wait_for(lambda: broken.items(sent["transaction_id"]), what="the item")
    arrival = datetime.fromtimestamp(now_ms() / 1000, UTC).isoformat()
    batch = {
        "streamArn": text(broken.outputs(DataOutputs).table_stream_arn),
        "shardId": "shardId-00000000000000000000-00000000",
        "startSequenceNumber": "1" * 21,
        "endSequenceNumber": "1" * 21,
        "approximateArrivalOfFirstRecord": arrival,
        "approximateArrivalOfLastRecord": arrival,
    }
    failure = json.dumps({"DDBStreamBatchInfo": batch, "context": {"condition": "RecordAgeExceeded"}})
    broken.aws.client("sqs").send_message(QueueUrl=faults.queue(broken, queues.PIPE).url, MessageBody=failure)
    assert repair(broken, queues.PIPE) == 0
    broken.decision(sent)
    assert faults.messages(broken, queues.PIPE) == 0


def test_limit_is_exact_and_a_refusal_gives_everything_back(broken: Pipeline) -> None:
    sent = [transaction() for _ in range(3)]
    with faults.rule_without_permission(broken):
        broken.post_all(sent)
        faults.wait_for_messages(broken, queues.EVENTS, 3)
    with pytest.raises(UserError):
        repair(broken, yes=False)
    assert repair(broken, limit=2) == 0
    assert faults.messages(broken, queues.EVENTS) == 1
    assert repair(broken) == 0
    for each in sent:
        broken.decision(each)


def test_what_fails_again_returns_and_is_sent_once_in_a_run(broken: Pipeline) -> None:
    sent = transaction()
    with faults.rule_without_permission(broken):
        broken.post(sent)
        faults.wait_for_messages(broken, queues.EVENTS, 1)
        assert repair(broken, queues.EVENTS) == 0
        faults.wait_for_messages(broken, queues.EVENTS, 1)
    assert repair(broken, queues.EVENTS) == 0
    broken.decision(sent)


def replay(pipeline: Pipeline, ids: list[str] | None, *, patience_seconds: float = 60) -> int:
    period = Period(now_ms() - HOUR_MS, now_ms())
    return replay_command.replay(
        pipeline.deployed,
        period,
        ids,
        dry_run=False,
        yes=True,
        as_json=True,
        patience_seconds=patience_seconds,
    )


def test_lost_event_is_replayed_and_a_decision_is_final(broken: Pipeline) -> None:
    sent, decided = suspicious(), transaction()
    broken.post(decided)
    before = broken.decision(decided)
    with faults.rule_disabled(broken):
        broken.post(sent)
        arrived = suspicious()
        assert location(broken, sent).place == "nowhere"
        assert replay(broken, [sent["transaction_id"]], patience_seconds=0.2) == 1
    assert "decision" not in broken.item(sent)
    assert replay(broken, None) == 0
    broken.mail_about(sent)
    broken.post(arrived)
    broken.mail_about(arrived)
    assert len(broken.mails_about(sent)) == 1
    assert replay(broken, [sent["transaction_id"], decided["transaction_id"]]) == 0
    assert broken.decision(decided) == before


def test_unknown_ids_are_an_error(broken: Pipeline, tmp_path: Path) -> None:
    file = tmp_path / "ids"
    file.write_text(f"t-{uuid.uuid4().hex}\n\n")
    period, ids = replay_command.read_request("1h", "", str(file), undecided=False)
    assert replay_command.replay(broken.deployed, period, ids, dry_run=False, yes=True, as_json=True) == 1
