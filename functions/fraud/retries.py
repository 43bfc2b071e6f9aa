"""Events that the function failed on before, delivered again from the retry queue.

A message is Lambda's record of a failed asynchronous invocation; `requestPayload` is the event.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from functions.common.domain.transaction_event import TransactionInserted
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.queue import FailureQueue
from functions.fraud.service import FraudDetector, UnreadableEventError, read_event

# The longest that one transaction takes, attempts included. A function that times out reports nothing, and
# then every message of the batch is delivered again.
_LONGEST_DECISION_MS = 12_000


class _FailedInvocation(Struct, frozen=True):
    requestPayload: object  # noqa: N815  # Lambda's name


class RetryBatch:
    """Decides on the transactions of a batch in the order in which they were received."""

    def __init__(self, detector: FraudDetector, failures: FailureQueue, telemetry: Telemetry) -> None:
        self._detector = detector
        self._failures = failures
        self._telemetry = telemetry

    def process(self, event: dict[str, Any], remaining_ms: Callable[[], int]) -> dict[str, Any]:
        """Process an event of an SQS event source mapping; `remaining_ms` is the time left to the invocation.

        Returns the partial batch response: the ids of the messages to deliver again.
        """
        failed: list[str] = []
        readable: list[tuple[TransactionInserted, str]] = []
        for record in event["Records"]:
            try:
                readable.append((_read_transaction(record["body"]), record["messageId"]))
            except (msgspec.DecodeError, UnreadableEventError) as error:
                if not self._move_to_failures(record, error):
                    failed.append(record["messageId"])
        readable.sort(key=lambda entry: entry[0].received_at)
        for position, (transaction, message_id) in enumerate(readable):
            has_time = position == 0 or remaining_ms() > _LONGEST_DECISION_MS
            if not has_time or not self._decide(transaction):
                failed.append(message_id)
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

    def _decide(self, transaction: TransactionInserted) -> bool:
        self._telemetry.about(transaction.transaction_id)
        try:
            self._detector.process(transaction)
        except Exception as error:
            # Whatever it is, this message alone is delivered again.
            self._telemetry.failure("retry failed", error)
            return False
        return True

    def _move_to_failures(self, record: dict[str, Any], error: Exception) -> bool:
        """Whether the message is in the failure queue: no further attempt can read it."""
        self._telemetry.failure(f"unreadable message {record['messageId']}", error)
        try:
            self._failures.send(record["body"])
        except Exception as refused:
            self._telemetry.failure(f"message {record['messageId']} not moved", refused)
            return False
        return True


def _read_transaction(body: str) -> TransactionInserted:
    return read_event(msgspec.json.decode(body, type=_FailedInvocation).requestPayload)
