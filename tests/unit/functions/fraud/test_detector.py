import io
import json
from typing import Any, cast

import msgspec
import pytest

from functions.common.suspicious import Reason, SuspiciousTransaction
from functions.common.telemetry import Telemetry
from functions.fraud.detector import FraudDetector
from functions.fraud.event import UnreadableEventError
from functions.fraud.queue import SqsQueue, SuspiciousQueue
from functions.fraud.rules import RuleSet
from tests.unit.functions.builders import NOW, inserted_event
from tests.unit.functions.fakes import InMemoryQueue, RecordingClient, client_error

RULES = RuleSet.from_data(
    {
        "threshold": 0.5,
        "rules": [{"id": "over", "weight": 0.6, "reason": "Over {limit}", "amount_over": {"USD": 5000}}],
    }
)


def _detector(queue: SuspiciousQueue, log: io.StringIO | None = None) -> FraudDetector:
    return FraudDetector(RULES, queue, Telemetry("fraud", log or io.StringIO()), lambda: NOW + 140)


def test_suspicious_transaction_is_sent_with_score_and_reasons() -> None:
    queue = InMemoryQueue()
    _detector(queue).inspect(inserted_event(amount={"N": "12500.5"}))
    [sent] = queue.sent
    assert (sent.transaction_id, str(sent.amount), sent.score) == ("tx-1", "12500.5", 0.6)
    assert sent.reasons == (Reason(rule_id="over", weight=0.6, text="Over 5,000.00 USD"),)


def test_ordinary_transaction_is_not_sent() -> None:
    queue = InMemoryQueue()
    assert _detector(queue).inspect(inserted_event()).suspicious is False
    assert queue.sent == []


def test_same_event_again_gives_the_same_message() -> None:
    client = RecordingClient()
    detector = _detector(SqsQueue(cast(Any, client), "https://queue"))
    detector.inspect(inserted_event(amount={"N": "12500.5"}))
    detector.inspect(inserted_event(amount={"N": "12500.5"}))
    first, second = client.calls
    assert first == second
    assert first["QueueUrl"] == "https://queue"
    assert msgspec.json.decode(first["MessageBody"], type=SuspiciousTransaction).transaction_id == "tx-1"


def test_event_that_cannot_be_read_is_raised() -> None:
    with pytest.raises(UnreadableEventError):
        _detector(InMemoryQueue()).inspect({"detail": {}})


def test_message_that_cannot_be_sent_is_raised() -> None:
    error = client_error("AWS.SimpleQueueService.NonExistentQueue")
    with pytest.raises(type(error)):
        _detector(InMemoryQueue(error)).inspect(inserted_event(amount={"N": "12500.5"}))


def test_log_and_metrics_tell_of_the_decision_without_personal_data() -> None:
    telemetry = Telemetry("fraud", log := io.StringIO())
    detector = FraudDetector(RULES, InMemoryQueue(), telemetry, lambda: NOW + 140)
    detector.inspect(inserted_event(amount={"N": "12500.5"}))
    telemetry.flush()
    line, metrics = [json.loads(text) for text in log.getvalue().splitlines()]
    assert (line["correlation_id"], line["score"], line["rules"]) == ("tx-1", 0.6, ["over"])
    assert (metrics["TransactionsScored"], metrics["TransactionsFlagged"]) == ([1], [1])
    assert metrics["PostToScore"] == [100]
    assert "account-123456789" not in log.getvalue()
