import io
import json
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest

from functions.common.runtime.telemetry import Telemetry
from functions.fraud.retries import RetryProcessor
from functions.fraud.service import MAX_GROUP_SIZE
from tests.unit.functions.builders import NOW, inserted_event, message
from tests.unit.functions.fakes import FakeFailureSender, client_error

LONG_MS = 60_000


class FakeDetector:
    """Records the groups of decided transactions. Raises an error for those in `failing` and `unsendable`."""

    def __init__(self, *failing: str, unsendable: str = "") -> None:
        self.groups: list[list[str]] = []
        self.sent: list[str] = []
        self._failing = failing
        self._unsendable = unsendable

    def decide_group(self, transactions: Sequence[Any]) -> list[None]:
        names = [transaction.transaction_id for transaction in transactions]
        if set(names) & set(self._failing):
            raise client_error("ThrottlingException")
        self.groups.append(names)
        return [None] * len(names)

    def send(self, transaction: Any, _decision: None) -> None:
        if transaction.transaction_id == self._unsendable:
            raise client_error("KMS.DisabledException")
        self.sent.append(transaction.transaction_id)


class RetryFixture:
    """A retry processor with its own detector, failure queue and log."""

    def __init__(self, detector: FakeDetector, failures: FakeFailureSender | None = None) -> None:
        self.detector, self.failures = detector, failures or FakeFailureSender()
        self.log = io.StringIO()
        self._processor = RetryProcessor(cast(Any, detector), self.failures, Telemetry("fraud", self.log))

    def process(self, *records: dict[str, Any], remaining_ms: Iterator[int] | None = None) -> list[str]:
        """Process the records and return the messages to deliver again."""
        times = remaining_ms or iter([LONG_MS] * len(records))
        response = self._processor.process_batch({"Records": list(records)}, lambda: next(times))
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def build_record(name: str, received_at: int = 1, *, account: str = "", copy: str = "m") -> dict[str, Any]:
    """Lambda's record of an invocation whose retries failed. Each transaction has an account of its own."""
    event = inserted_event(
        transaction_id={"S": name},
        account_id={"S": account or f"account-{name}"},
        received_at={"N": str(NOW + received_at)},
    )
    payload = {"version": "1.0", "requestPayload": event, "responsePayload": {"errorMessage": "x"}}
    return message(f"{copy}-{name}", json.dumps(payload))


def test_transactions_are_decided_in_order_of_receipt() -> None:
    retries = RetryFixture(FakeDetector())
    assert retries.process(build_record("c", 3), build_record("a", 1), build_record("b", 2)) == []
    assert retries.detector.sent == ["a", "b", "c"]


def test_transactions_of_one_account_are_decided_together() -> None:
    retries = RetryFixture(FakeDetector())
    records = [build_record(f"t{number:02}", number, account="busy") for number in range(30)]
    assert retries.process(build_record("other", 5), *records[::-1]) == []
    names = [f"t{number:02}" for number in range(30)]
    assert retries.detector.groups == [names[:MAX_GROUP_SIZE], names[MAX_GROUP_SIZE:], ["other"]]


def test_transaction_with_two_messages_is_decided_once() -> None:
    retries = RetryFixture(FakeDetector("b"))
    records = [build_record("a"), build_record("a", copy="again"), build_record("b")]
    assert retries.process(*records, build_record("b", copy="again")) == ["m-b", "again-b"]
    assert (retries.detector.groups, retries.detector.sent) == ([["a"]], ["a"])


def test_message_that_cannot_be_sent_does_not_affect_the_others_of_its_account() -> None:
    retries = RetryFixture(FakeDetector(unsendable="a"))
    assert retries.process(build_record("a", 1, account="x"), build_record("b", 2, account="x")) == ["m-a"]
    assert retries.detector.sent == ["b"]


def test_failed_transaction_is_delivered_again_alone() -> None:
    retries = RetryFixture(FakeDetector("b"))
    assert retries.process(build_record("a", 1), build_record("b", 2), build_record("c", 3)) == ["m-b"]
    assert retries.detector.sent == ["a", "c"]
    [line] = [json.loads(text) for text in retries.log.getvalue().splitlines()]
    assert (line["correlation_id"], line["code"]) == ("b", "ThrottlingException")


@pytest.mark.parametrize(
    "body", ["", "{}", "null", '{"requestPayload": {"detail": {}}}', '{"requestPayload": 1}']
)
def test_unreadable_message_moves_to_the_failure_queue(body: str) -> None:
    retries = RetryFixture(FakeDetector())
    assert retries.process(message("m-bad", body), build_record("a")) == []
    assert retries.failures.bodies == [body]
    assert retries.detector.sent == ["a"]


def test_unreadable_message_is_delivered_again_if_the_failure_queue_rejects_it() -> None:
    retries = RetryFixture(FakeDetector(), FakeFailureSender(client_error("KMS.DisabledException")))
    assert retries.process(message("m-bad", "{}")) == ["m-bad"]


def test_messages_without_remaining_time_are_delivered_again() -> None:
    retries = RetryFixture(FakeDetector())
    assert retries.process(build_record("a", 1), build_record("b", 2), remaining_ms=iter([1_000])) == ["m-b"]
    assert retries.detector.sent == ["a"]


def test_log_has_only_the_id_of_a_transaction() -> None:
    retries = RetryFixture(FakeDetector("a"))
    retries.process(
        build_record("a"), message("m-bad", '{"requestPayload": {"account_id": "account-123456789"}}')
    )
    assert "account" not in retries.log.getvalue()
