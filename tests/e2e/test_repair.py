"""Messages that failed on each hop are found, redriven or replayed, and decided and alerted on once."""

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
from operations.repair.redrive_command import run_redrive
from operations.repair.transaction_reader import Period
from shared.contracts import DataOutputs, require_string
from terminal.errors import UserError
from tests.e2e import faults
from tests.e2e.pipeline import PipelineClient
from tests.e2e.transactions import build_suspicious_transaction, build_transaction
from tests.waiting import wait_for

HOUR_MS = 3_600_000


@pytest.fixture
def clean_pipeline(pipeline: PipelineClient) -> Iterator[PipelineClient]:
    """The pipeline, with empty failure queues before and after the test."""
    faults.purge_queues(pipeline)
    yield pipeline
    faults.purge_queues(pipeline)


def repair(pipeline: PipelineClient, queue: str = "", limit: int | None = None, *, yes: bool = True) -> int:
    return run_redrive(pipeline.deployed, queue=queue, limit=limit, dry_run=False, yes=yes, as_json=True)


def survey_queue(pipeline: PipelineClient, capsys: pytest.CaptureFixture[str], queue: str) -> dict[str, Any]:
    """Return the survey of a dry run."""
    capsys.readouterr()
    assert run_redrive(pipeline.deployed, queue=queue, limit=None, dry_run=True, yes=False, as_json=True) == 0
    (result,) = json.loads(capsys.readouterr().out)["queues"]
    return dict(result)


def locate(pipeline: PipelineClient, transaction: dict[str, Any]) -> Location:
    received_at = int(pipeline.read_item(transaction)["received_at"]["N"])
    # A minute later, because a recent transaction is assumed to be in the stream.
    return Locator.from_deployed(pipeline.deployed).locate(
        transaction["transaction_id"], received_at, now_ms() + 60_000
    )


def add_poison(pipeline: PipelineClient, queue: str) -> None:
    sqs = pipeline.aws.client("sqs")
    sqs.send_message(QueueUrl=faults.find_queue(pipeline, queue).url, MessageBody='{"not": "understood"}')


def assert_only_poison_is_left(pipeline: PipelineClient, queue: str) -> None:
    assert faults.count_messages_in(pipeline, queue) == 1
    assert repair(pipeline, queue) == 1
    assert faults.count_messages_in(pipeline, queue) == 1


def test_event_that_the_rule_cannot_deliver_is_redriven(
    clean_pipeline: PipelineClient, capsys: pytest.CaptureFixture[str]
) -> None:
    transaction = build_suspicious_transaction()
    with faults.revoke_rule_permission(clean_pipeline):
        clean_pipeline.post(transaction)
        faults.wait_for_messages(clean_pipeline, queues.EVENTS, 1)
        location = locate(clean_pipeline, transaction)
    assert (location.place, location.error) == ("events-failures", "NO_PERMISSIONS")
    add_poison(clean_pipeline, queues.EVENTS)
    errors = {
        entry["error"]: entry["ids"]
        for entry in survey_queue(clean_pipeline, capsys, queues.EVENTS)["errors"]
    }
    assert errors["NO_PERMISSIONS"] == [transaction["transaction_id"]]
    # The dry run made the messages visible again: they can be received at once.
    assert repair(clean_pipeline, queues.EVENTS) == 3
    clean_pipeline.wait_for_mail_about(transaction)
    assert len(clean_pipeline.read_mails_about(transaction)) == 1
    assert_only_poison_is_left(clean_pipeline, queues.EVENTS)


def test_event_that_the_fraud_function_gave_up_is_redriven(
    clean_pipeline: PipelineClient, capsys: pytest.CaptureFixture[str]
) -> None:
    transaction = build_suspicious_transaction()
    retry = faults.find_queue(clean_pipeline, queues.RETRY).url
    with (
        faults.deny_actions(clean_pipeline, "fraud", "dynamodb:*"),
        faults.limit_to_one_attempt(clean_pipeline, retry),
    ):
        clean_pipeline.post(transaction)
        faults.wait_for_messages(clean_pipeline, queues.FRAUD, 1)
        location = locate(clean_pipeline, transaction)
    assert location.place == "fraud-failures"
    add_poison(clean_pipeline, queues.FRAUD)
    survey = survey_queue(clean_pipeline, capsys, queues.FRAUD)
    assert [transaction["transaction_id"]] in [entry["ids"] for entry in survey["errors"]]
    assert repair(clean_pipeline, queues.FRAUD) == 3
    clean_pipeline.wait_for_mail_about(transaction)
    assert len(clean_pipeline.read_mails_about(transaction)) == 1
    assert_only_poison_is_left(clean_pipeline, queues.FRAUD)


def test_alert_that_the_topic_refuses_is_redriven(clean_pipeline: PipelineClient) -> None:
    transaction = build_suspicious_transaction()
    suspicious_queue = clean_pipeline.deployed.queue_url(
        require_string(clean_pipeline.outputs(DataOutputs).suspicious_queue_url)
    )
    with (
        faults.deny_actions(clean_pipeline, "notify", "sns:Publish"),
        faults.limit_to_one_attempt(clean_pipeline, suspicious_queue),
    ):
        clean_pipeline.post(transaction)
        faults.wait_for_messages(clean_pipeline, queues.ALERTS, 1)
    add_poison(clean_pipeline, queues.ALERTS)
    assert not clean_pipeline.read_mails_about(transaction)
    assert repair(clean_pipeline, queues.ALERTS) == 3
    clean_pipeline.wait_for_mail_about(transaction)
    assert len(clean_pipeline.read_mails_about(transaction)) == 1
    assert_only_poison_is_left(clean_pipeline, queues.ALERTS)


def test_record_that_the_pipe_gave_up_is_redriven(
    clean_pipeline: PipelineClient, capsys: pytest.CaptureFixture[str]
) -> None:
    transaction = build_suspicious_transaction()
    with faults.make_pipe_give_up(clean_pipeline):
        clean_pipeline.post(transaction)
        faults.wait_for_messages(clean_pipeline, queues.PIPE, 1)
        location = locate(clean_pipeline, transaction)
    assert (location.place, location.error) == ("pipe-failures", "RetryAttemptsExhausted")
    add_poison(clean_pipeline, queues.PIPE)
    survey = survey_queue(clean_pipeline, capsys, queues.PIPE)
    assert [transaction["transaction_id"]] in [entry["ids"] for entry in survey["errors"]]
    assert repair(clean_pipeline, queues.PIPE) == 3
    clean_pipeline.wait_for_mail_about(transaction)
    assert len(clean_pipeline.read_mails_about(transaction)) == 1
    assert_only_poison_is_left(clean_pipeline, queues.PIPE)


def test_record_that_the_stream_no_longer_has_is_found_in_the_table(clean_pipeline: PipelineClient) -> None:
    transaction = build_transaction()
    with faults.disable_rule(clean_pipeline):
        clean_pipeline.post(transaction)
        wait_for(lambda: clean_pipeline.read_items(transaction["transaction_id"]), what="the item")
    arrival = datetime.fromtimestamp(now_ms() / 1000, UTC).isoformat()
    batch = {
        "streamArn": require_string(clean_pipeline.outputs(DataOutputs).transactions_stream_arn),
        "shardId": "shardId-00000000000000000000-00000000",
        "startSequenceNumber": "1" * 21,
        "endSequenceNumber": "1" * 21,
        "approximateArrivalOfFirstRecord": arrival,
        "approximateArrivalOfLastRecord": arrival,
    }
    failure = json.dumps({"DDBStreamBatchInfo": batch, "context": {"condition": "RecordAgeExceeded"}})
    clean_pipeline.aws.client("sqs").send_message(
        QueueUrl=faults.find_queue(clean_pipeline, queues.PIPE).url, MessageBody=failure
    )
    assert repair(clean_pipeline, queues.PIPE) == 0
    clean_pipeline.wait_for_decision(transaction)
    assert faults.count_messages_in(clean_pipeline, queues.PIPE) == 0


def test_limit_is_exact_and_a_missing_confirmation_changes_nothing(clean_pipeline: PipelineClient) -> None:
    transactions = [build_transaction() for _ in range(3)]
    with faults.revoke_rule_permission(clean_pipeline):
        clean_pipeline.post_all(transactions)
        faults.wait_for_messages(clean_pipeline, queues.EVENTS, 3)
    with pytest.raises(UserError):
        repair(clean_pipeline, yes=False)
    assert repair(clean_pipeline, limit=2) == 0
    assert faults.count_messages_in(clean_pipeline, queues.EVENTS) == 1
    assert repair(clean_pipeline) == 0
    for transaction in transactions:
        clean_pipeline.wait_for_decision(transaction)


def test_message_that_fails_again_returns_and_is_sent_once_in_a_run(clean_pipeline: PipelineClient) -> None:
    transaction = build_transaction()
    with faults.revoke_rule_permission(clean_pipeline):
        clean_pipeline.post(transaction)
        faults.wait_for_messages(clean_pipeline, queues.EVENTS, 1)
        assert repair(clean_pipeline, queues.EVENTS) == 0
        faults.wait_for_messages(clean_pipeline, queues.EVENTS, 1)
    assert repair(clean_pipeline, queues.EVENTS) == 0
    clean_pipeline.wait_for_decision(transaction)


def replay(pipeline: PipelineClient, ids: list[str] | None, *, patience_seconds: float = 60) -> int:
    period = Period(now_ms() - HOUR_MS, now_ms())
    return replay_command.run_replay(
        pipeline.deployed,
        period,
        ids,
        dry_run=False,
        yes=True,
        as_json=True,
        patience_seconds=patience_seconds,
    )


def test_lost_event_is_replayed_and_a_decision_is_final(clean_pipeline: PipelineClient) -> None:
    transaction, decided = build_suspicious_transaction(), build_transaction()
    clean_pipeline.post(decided)
    before = clean_pipeline.wait_for_decision(decided)
    with faults.disable_rule(clean_pipeline):
        clean_pipeline.post(transaction)
        arrived = build_suspicious_transaction()
        assert locate(clean_pipeline, transaction).place == "nowhere"
        assert replay(clean_pipeline, [transaction["transaction_id"]], patience_seconds=0.2) == 1
    assert "decision" not in clean_pipeline.read_item(transaction)
    assert replay(clean_pipeline, None) == 0
    clean_pipeline.wait_for_mail_about(transaction)
    clean_pipeline.post(arrived)
    clean_pipeline.wait_for_mail_about(arrived)
    assert len(clean_pipeline.read_mails_about(transaction)) == 1
    assert replay(clean_pipeline, [transaction["transaction_id"], decided["transaction_id"]]) == 0
    assert clean_pipeline.wait_for_decision(decided) == before


def test_unknown_id_fails(clean_pipeline: PipelineClient, tmp_path: Path) -> None:
    file = tmp_path / "ids"
    file.write_text(f"t-{uuid.uuid4().hex}\n\n")
    period, ids = replay_command.read_request("1h", "", str(file), undecided=False)
    assert (
        replay_command.run_replay(clean_pipeline.deployed, period, ids, dry_run=False, yes=True, as_json=True)
        == 1
    )
