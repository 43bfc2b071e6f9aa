import io
import json
from typing import Any, cast

import pytest

from functions.common.runtime.telemetry import Telemetry
from functions.notify.alert import Alert
from functions.notify.notifier import Notifier
from functions.notify.publisher import AlertPublisher
from tests.unit.functions.builders import NOW, message, suspicious, suspicious_decision
from tests.unit.functions.fakes import FakeAlertRecords, FakePublisher, RecordingClient

LONG_MS = 60_000


class NotifierFixture:
    """A notifier with its own topic, records and log."""

    def __init__(self, publisher: FakePublisher) -> None:
        self.publisher = publisher
        self.records = FakeAlertRecords()
        self.log = io.StringIO()
        self.telemetry = Telemetry("notify", self.log)
        self._notifier = Notifier(publisher, self.records, self.telemetry, lambda: NOW + 240)

    def process(self, *records: dict[str, Any], remaining_ms: int = LONG_MS) -> list[str]:
        """Process the records and return the messages to deliver again."""
        response = self.process_event({"Records": list(records)}, remaining_ms)
        assert list(response) == ["batchItemFailures"]
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]

    def process_event(self, event: dict[str, Any], remaining_ms: int = LONG_MS) -> dict[str, Any]:
        return self._notifier.process_batch(event, lambda: remaining_ms)

    def list_published(self) -> list[str]:
        return [alert.attributes["transaction_id"] for alert in self.publisher.published]


def _message(name: str) -> dict[str, Any]:
    return message(f"m-{name}", suspicious(transaction_id=name))


def test_each_message_is_published_as_one_alert() -> None:
    notifier = NotifierFixture(FakePublisher())
    assert notifier.process(_message("a"), _message("b")) == []
    assert notifier.list_published() == ["a", "b"]


@pytest.mark.parametrize("body", ["", "{}", "null", "not json", '{"transaction_id": "x"}', "\ud800"])
def test_unreadable_message_fails_alone(body: str) -> None:
    notifier = NotifierFixture(FakePublisher())
    assert notifier.process(_message("a"), message("m-bad", body), _message("b")) == ["m-bad"]
    assert notifier.list_published() == ["a", "b"]


def test_rejected_message_fails_alone() -> None:
    notifier = NotifierFixture(FakePublisher("b"))
    assert notifier.process(_message("a"), _message("b"), _message("c")) == ["m-b"]
    assert notifier.list_published() == ["a", "c"]


def test_message_with_an_invalid_time_fails_alone() -> None:
    notifier = NotifierFixture(FakePublisher())
    invalid = message("m-bad", suspicious(timestamp=10**18))
    assert notifier.process(invalid, _message("a")) == ["m-bad"]
    assert notifier.list_published() == ["a"]


def test_messages_without_remaining_time_are_delivered_again() -> None:
    notifier = NotifierFixture(FakePublisher())
    assert notifier.process(_message("a"), _message("b"), _message("c"), remaining_ms=5_000) == [
        "m-b",
        "m-c",
    ]
    assert notifier.list_published() == ["a"]


def test_second_message_about_a_transaction_is_acknowledged_without_an_alert() -> None:
    notifier = NotifierFixture(FakePublisher())
    assert notifier.process(_message("a"), message("m-again", suspicious(transaction_id="a"))) == []
    assert notifier.process(_message("a")) == []
    assert notifier.list_published() == ["a"]


def test_message_is_delivered_again_while_another_message_holds_the_claim() -> None:
    notifier = NotifierFixture(FakePublisher())
    notifier.records.claims["a"] = "m-other"
    assert notifier.process(_message("a")) == ["m-a"]
    assert notifier.list_published() == []


def test_message_takes_over_its_own_claim() -> None:
    notifier = NotifierFixture(FakePublisher("a"))
    assert notifier.process(_message("a")) == ["m-a"]
    notifier.publisher.rejected.clear()
    assert notifier.process(_message("a")) == []
    assert notifier.list_published() == ["a"]
    assert notifier.records.published == {"a": "publication-1"}


@pytest.mark.parametrize(("status", "claims"), [(403, {}), (500, {"a": "m-a"})])
def test_claim_is_released_only_if_the_topic_certainly_rejected_the_alert(
    status: int, claims: dict[str, str]
) -> None:
    notifier = NotifierFixture(FakePublisher("a", status=status))
    assert notifier.process(_message("a")) == ["m-a"]
    assert notifier.records.claims == claims


def test_deleted_transaction_is_not_alerted_on() -> None:
    notifier = NotifierFixture(FakePublisher())
    notifier.records.deleted.add("a")
    assert notifier.process(_message("a")) == []
    assert notifier.list_published() == []


def test_message_with_an_invalid_time_holds_no_claim() -> None:
    notifier = NotifierFixture(FakePublisher())
    notifier.process(message("m-bad", suspicious(timestamp=10**18)))
    assert notifier.records.claims == {}


def test_event_without_records_raises_an_error() -> None:
    with pytest.raises(KeyError):
        NotifierFixture(FakePublisher()).process_event({})


def test_log_and_metrics_have_each_alert_and_no_personal_data() -> None:
    notifier = NotifierFixture(FakePublisher("b"))
    notifier.process(_message("a"), _message("b"), message("m-c", "{"))
    notifier.telemetry.flush()
    *lines, metrics = [json.loads(text) for text in notifier.log.getvalue().splitlines()]
    assert [line.get("correlation_id") for line in lines] == ["a", "b", None]
    assert "m-b" in lines[1]["message"]
    assert (metrics["AlertsPublished"], metrics["AlertsFailed"]) == (1, [1, 1])
    assert metrics["PostToAlert"] == 200
    assert "account-123456789" not in notifier.log.getvalue()


def test_alert_is_published_with_typed_attributes() -> None:
    client = RecordingClient()
    alert = Alert(subject="S", text="T", attributes={"severity": "high", "score": "0.85"})
    assert AlertPublisher(cast(Any, client), "arn").publish(alert) == "publication"
    assert client.calls == [
        {
            "TopicArn": "arn",
            "Subject": "S",
            "Message": "T",
            "MessageAttributes": {
                "severity": {"DataType": "String", "StringValue": "high"},
                "score": {"DataType": "Number", "StringValue": "0.85"},
            },
        }
    ]


def test_summary_has_the_number_of_alerts_and_no_latency() -> None:
    notifier = NotifierFixture(FakePublisher())
    notifier.records.decisions = [suspicious_decision(transaction_id=name) for name in ("tx-0", "tx-1")]
    assert notifier.process(message("m-1", suspicious(summary_since=NOW))) == []
    [alert] = notifier.publisher.published
    assert "Transaction id: tx-0\n" in alert.text
    assert notifier.records.windows == [("account-123456789", NOW)]
    assert alert.attributes["alerts"] == "5"
    notifier.telemetry.flush()
    assert "PostToAlert" not in notifier.log.getvalue()
