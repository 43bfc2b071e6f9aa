"""Retries of failed events, delivered in batches from the retry queue.

A message is Lambda's record of a failed asynchronous invocation; `requestPayload` is the event.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from functions.common.domain.transaction_event import TransactionInserted
from functions.common.runtime.telemetry import Telemetry
from functions.fraud.senders import UnreadableMessageSender
from functions.fraud.service import FraudDetector, UnreadableEventError, read_event

# The maximum duration of one transaction, attempts included. A function that times out returns no response,
# and then every message of the batch is delivered again.
_MAX_DECISION_MS = 12_000


class _FailedInvocation(Struct, frozen=True):
    requestPayload: object  # noqa: N815  # Lambda's name


class RetryProcessor:
    """Decides on the transactions of a batch in the order in which the API received them."""

    def __init__(
        self, detector: FraudDetector, failures: UnreadableMessageSender, telemetry: Telemetry
    ) -> None:
        self._detector = detector
        self._failures = failures
        self._telemetry = telemetry

    def process_batch(self, event: dict[str, Any], remaining_ms: Callable[[], int]) -> dict[str, Any]:
        """Process an event of an SQS event source mapping.

        `remaining_ms` returns the time left to the invocation. Returns the partial batch response: the IDs of
        the messages to deliver again.
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
            has_time = position == 0 or remaining_ms() > _MAX_DECISION_MS
            if not has_time or not self._decide(transaction):
                failed.append(message_id)
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

    def _decide(self, transaction: TransactionInserted) -> bool:
        self._telemetry.set_transaction(transaction.transaction_id)
        try:
            self._detector.process(transaction)
        except Exception as error:
            # Any error affects this message only: SQS delivers it again.
            self._telemetry.error("retry failed", error)
            return False
        return True

    def _move_to_failures(self, record: dict[str, Any], error: Exception) -> bool:
        """Move an unreadable message to the failure queue. Returns False if the queue does not accept it."""
        self._telemetry.error(f"unreadable message {record['messageId']}", error)
        try:
            self._failures.send(record["body"])
        except Exception as send_error:
            self._telemetry.error(f"message {record['messageId']} not moved", send_error)
            return False
        return True


def _read_transaction(body: str) -> TransactionInserted:
    return read_event(msgspec.json.decode(body, type=_FailedInvocation).requestPayload)
