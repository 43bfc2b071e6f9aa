import io
import json
from typing import Any, cast

import pytest

from functions.common.runtime.telemetry import Telemetry
from functions.notify.alert import Alert
from functions.notify.notifier import Notifier
from functions.notify.topic import SnsTopic
from tests.unit.functions.builders import NOW, message, suspicious
from tests.unit.functions.fakes import InMemoryAlertRecords, InMemoryTopic, RecordingClient

LONG_MS = 60_000


class Windows:
    """Every window had five alerts."""

    def count(self, account_id: str, since: int) -> int:
        assert (account_id, since) == ("account-123456789", NOW)
        return 5


class Notifying:
    """A notifier on a topic of its own; `log` is what it wrote."""

    def __init__(self, topic: InMemoryTopic) -> None:
        self.topic = topic
        self.log = io.StringIO()
        self.telemetry = Telemetry("notify", self.log)
        self.records = InMemoryAlertRecords()
        self._notifier = Notifier(topic, Windows(), self.records, self.telemetry, lambda: NOW + 240)

    def failures(self, *records: dict[str, Any], remaining_ms: int = LONG_MS) -> list[str]:
        response = self._notifier.notify({"Records": list(records)}, lambda: remaining_ms)
        assert list(response) == ["batchItemFailures"]
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]

    def notify(self, event: dict[str, Any]) -> dict[str, Any]:
        return self._notifier.notify(event, lambda: LONG_MS)

    def published(self) -> list[str]:
        return [alert.attributes["transaction_id"] for alert in self.topic.published]


def _message(name: str) -> dict[str, Any]:
    return message(f"m-{name}", suspicious(transaction_id=name))


def test_each_message_is_one_alert() -> None:
    notifying = Notifying(InMemoryTopic())
    assert notifying.failures(_message("a"), _message("b")) == []
    assert notifying.published() == ["a", "b"]


@pytest.mark.parametrize("body", ["", "{}", "null", "not json", '{"transaction_id": "x"}', "\ud800"])
def test_message_that_cannot_be_read_fails_alone(body: str) -> None:
    notifying = Notifying(InMemoryTopic())
    assert notifying.failures(_message("a"), message("m-bad", body), _message("b")) == ["m-bad"]
    assert notifying.published() == ["a", "b"]


def test_message_that_cannot_be_published_fails_alone() -> None:
    notifying = Notifying(InMemoryTopic("b"))
    assert notifying.failures(_message("a"), _message("b"), _message("c")) == ["m-b"]
    assert notifying.published() == ["a", "c"]


def test_message_that_cannot_be_composed_fails_alone() -> None:
    notifying = Notifying(InMemoryTopic())
    beyond_time = message("m-bad", suspicious(timestamp=10**18))
    assert notifying.failures(beyond_time, _message("a")) == ["m-bad"]
    assert notifying.published() == ["a"]


def test_messages_for_which_there_is_no_time_come_again_and_the_others_do_not() -> None:
    notifying = Notifying(InMemoryTopic())
    assert notifying.failures(_message("a"), _message("b"), _message("c"), remaining_ms=5_000) == [
        "m-b",
        "m-c",
    ]
    assert notifying.published() == ["a"]


def test_second_message_about_a_transaction_is_acknowledged_without_an_alert() -> None:
    notifying = Notifying(InMemoryTopic())
    assert notifying.failures(_message("a"), message("m-again", suspicious(transaction_id="a"))) == []
    assert notifying.failures(_message("a")) == []
    assert notifying.published() == ["a"]


def test_message_waits_while_another_one_holds_the_claim() -> None:
    notifying = Notifying(InMemoryTopic())
    notifying.records.claims["a"] = "m-other"
    assert notifying.failures(_message("a")) == ["m-a"]
    assert notifying.published() == []


def test_message_delivered_again_takes_over_the_claim_of_its_failed_publication() -> None:
    notifying = Notifying(InMemoryTopic("a"))
    assert notifying.failures(_message("a")) == ["m-a"]
    notifying.topic.refused.clear()
    assert notifying.failures(_message("a")) == []
    assert notifying.published() == ["a"]
    assert notifying.records.published == {"a": "publication-1"}


@pytest.mark.parametrize(("status", "claims"), [(403, {}), (500, {"a": "m-a"})])
def test_claim_ends_if_the_topic_certainly_did_not_accept_the_alert(
    status: int, claims: dict[str, str]
) -> None:
    notifying = Notifying(InMemoryTopic("a", status=status))
    assert notifying.failures(_message("a")) == ["m-a"]
    assert notifying.records.claims == claims


def test_transaction_that_is_gone_is_not_alerted_on() -> None:
    notifying = Notifying(InMemoryTopic())
    notifying.records.gone.add("a")
    assert notifying.failures(_message("a")) == []
    assert notifying.published() == []


def test_message_that_makes_no_alert_holds_no_claim() -> None:
    notifying = Notifying(InMemoryTopic())
    notifying.failures(message("m-bad", suspicious(timestamp=10**18)))
    assert notifying.records.claims == {}


def test_event_that_is_no_batch_is_raised() -> None:
    with pytest.raises(KeyError):
        Notifying(InMemoryTopic()).notify({})


def test_log_and_metrics_tell_of_each_alert_without_personal_data() -> None:
    notifying = Notifying(InMemoryTopic("b"))
    notifying.failures(_message("a"), _message("b"), message("m-c", "{"))
    notifying.telemetry.flush()
    *lines, metrics = [json.loads(text) for text in notifying.log.getvalue().splitlines()]
    assert [line.get("correlation_id") for line in lines] == ["a", "b", None]
    assert "m-b" in lines[1]["message"]
    assert (metrics["AlertsPublished"], metrics["AlertsFailed"]) == ([1], [1, 1])
    assert metrics["PostToAlert"] == [200]
    assert "account-123456789" not in notifying.log.getvalue()


def test_topic_gets_subject_text_and_typed_attributes() -> None:
    client = RecordingClient()
    alert = Alert(subject="S", text="T", attributes={"severity": "high", "score": "0.85"})
    assert SnsTopic(cast(Any, client), "arn").publish(alert) == "publication"
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


def test_summary_tells_how_many_there_were_and_counts_no_latency() -> None:
    notifying = Notifying(InMemoryTopic())
    assert notifying.failures(message("m-1", suspicious(summary_since=NOW))) == []
    [alert] = notifying.topic.published
    assert "5 transactions of one account" in alert.text
    assert alert.attributes["alerts"] == "5"
    notifying.telemetry.flush()
    assert "PostToAlert" not in notifying.log.getvalue()
