import io
import json
from collections.abc import Iterator
from typing import Any, cast

import pytest

from functions.common.runtime.telemetry import Telemetry
from functions.fraud.queue import FailureQueue
from functions.fraud.retries import RetryBatch
from tests.unit.functions.builders import inserted_event, message
from tests.unit.functions.fakes import client_error

LONG_MS = 60_000


class Detector:
    """Fails on the transactions in `failing`."""

    def __init__(self, *failing: str) -> None:
        self.processed: list[str] = []
        self._failing = failing

    def process(self, transaction: Any) -> None:
        if transaction.transaction_id in self._failing:
            raise client_error("ThrottlingException")
        self.processed.append(transaction.transaction_id)


class Failures:
    """The failure queue; `error` is raised instead, if there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.bodies: list[str] = []
        self._error = error

    def send(self, body: str) -> None:
        if self._error:
            raise self._error
        self.bodies.append(body)


class Batch:
    """A batch of the retry queue; `log` is what it wrote."""

    def __init__(self, detector: Detector, failures: Failures | None = None) -> None:
        self.detector, self.failures, self.log = detector, failures or Failures(), io.StringIO()
        self._batch = RetryBatch(
            cast(Any, detector), cast(FailureQueue, self.failures), Telemetry("fraud", self.log)
        )

    def process(self, *records: dict[str, Any], remaining_ms: Iterator[int] | None = None) -> list[str]:
        """The messages to deliver again."""
        left = remaining_ms or iter([LONG_MS] * len(records))
        answer = self._batch.process({"Records": list(records)}, lambda: next(left))
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def failed(name: str, received_at: int = 1) -> dict[str, Any]:
    """Lambda's record of an invocation that failed for good."""
    event = inserted_event(transaction_id={"S": name}, received_at={"N": str(received_at)})
    payload = {"version": "1.0", "requestPayload": event, "responsePayload": {"errorMessage": "x"}}
    return message(f"m-{name}", json.dumps(payload))


def test_transactions_are_decided_in_the_order_in_which_they_were_received() -> None:
    batch = Batch(Detector())
    assert batch.process(failed("c", 3), failed("a", 1), failed("b", 2)) == []
    assert batch.detector.processed == ["a", "b", "c"]


def test_transaction_that_fails_again_is_delivered_again_alone() -> None:
    batch = Batch(Detector("b"))
    assert batch.process(failed("a", 1), failed("b", 2), failed("c", 3)) == ["m-b"]
    assert batch.detector.processed == ["a", "c"]
    [line] = [json.loads(text) for text in batch.log.getvalue().splitlines()]
    assert (line["correlation_id"], line["code"]) == ("b", "ThrottlingException")


@pytest.mark.parametrize(
    "body", ["", "{}", "null", '{"requestPayload": {"detail": {}}}', '{"requestPayload": 1}']
)
def test_message_that_no_attempt_can_read_moves_to_the_failure_queue(body: str) -> None:
    batch = Batch(Detector())
    assert batch.process(message("m-bad", body), failed("a")) == []
    assert batch.failures.bodies == [body]
    assert batch.detector.processed == ["a"]


def test_unreadable_message_is_delivered_again_while_the_failure_queue_takes_nothing() -> None:
    batch = Batch(Detector(), Failures(client_error("KMS.DisabledException")))
    assert batch.process(message("m-bad", "{}")) == ["m-bad"]


def test_messages_for_which_there_is_no_time_are_delivered_again() -> None:
    batch = Batch(Detector())
    assert batch.process(failed("a", 1), failed("b", 2), remaining_ms=iter([1_000])) == ["m-b"]
    assert batch.detector.processed == ["a"]


def test_nothing_of_a_transaction_but_its_id_is_logged() -> None:
    batch = Batch(Detector("a"))
    batch.process(failed("a"), message("m-bad", '{"requestPayload": {"account_id": "account-123456789"}}'))
    assert "account" not in batch.log.getvalue()
