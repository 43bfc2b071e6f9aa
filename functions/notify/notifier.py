"""Publishes one alert per transaction; a message of a batch that fails is delivered again alone."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from functions.common.domain.suspicious_message import SuspiciousTransaction
from functions.common.runtime.clock import Clock
from functions.common.runtime.telemetry import Telemetry
from functions.notify.alert import Alert, compose, summarize
from functions.notify.alert_records import AlertedBeforeError, AlertRecords, TransactionGoneError
from functions.notify.topic import AlertTopic
from functions.notify.windows import AlertWindows

# The longest that one publication takes, retries included. A function that is cut off reports nothing, and
# then the whole batch is published again.
_LONGEST_PUBLICATION_MS = 12_000


class Notifier:
    """Turns messages of the queue into alerts on the topic, one after another: a batch is ten at most."""

    def __init__(
        self,
        topic: AlertTopic,
        windows: AlertWindows,
        records: AlertRecords,
        telemetry: Telemetry,
        clock: Clock,
    ) -> None:
        self._topic = topic
        self._windows = windows
        self._records = records
        self._telemetry = telemetry
        self._clock = clock

    def notify(self, event: dict[str, Any], remaining_ms: Callable[[], int]) -> dict[str, Any]:
        """Handles an event of an SQS event source mapping; `remaining_ms` is what is left of the invocation.

        Returns the partial batch response: the ids of the messages to be delivered again.
        """
        failed = [
            record["messageId"]
            for position, record in enumerate(event["Records"])
            if not self._handled(record, has_time=position == 0 or remaining_ms() > _LONGEST_PUBLICATION_MS)
        ]
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

    def _handled(self, record: dict[str, Any], *, has_time: bool) -> bool:
        if not has_time:
            self._telemetry.count("AlertsPostponed")
            return False
        self._telemetry.about(None)
        try:
            transaction = msgspec.json.decode(record["body"], type=SuspiciousTransaction)
            self._telemetry.about(transaction.transaction_id)
            self._alert_once(transaction, record["messageId"])
        except Exception as error:
            # Whatever it is, it is this message's alone: it comes again, and in the end to the dead letters.
            self._telemetry.failure(f"alert failed for message {record['messageId']}", error)
            self._telemetry.count("AlertsFailed")
            return False
        return True

    def _alert_once(self, transaction: SuspiciousTransaction, message_id: str) -> None:
        """Publish the alert and record that, unless it was published before."""
        # Composed first: a message that makes no alert must not hold a claim.
        alert = self._compose(transaction)
        try:
            self._records.claim(transaction, message_id, self._clock())
        except AlertedBeforeError:
            self._telemetry.info("alerted before")
            return
        except TransactionGoneError:
            self._telemetry.info("no longer in the table")
            return
        try:
            publication_id = self._topic.publish(alert)
        except ClientError as error:
            if _is_refusal(error):
                self._records.release(transaction, message_id)
            raise
        self._records.record(transaction, publication_id, self._clock())
        self._report(transaction)

    def _compose(self, transaction: SuspiciousTransaction) -> Alert:
        if not transaction.summary_since:
            return compose(transaction)
        count = self._windows.count(transaction.account_id, transaction.summary_since)
        return summarize(transaction, count)

    def _report(self, transaction: SuspiciousTransaction) -> None:
        if transaction.summary_since:
            self._telemetry.info("summary published")
            self._telemetry.count("SummariesPublished")
            return
        self._telemetry.info("alert published", score=transaction.score)
        self._telemetry.count("AlertsPublished")
        self._telemetry.duration("PostToAlert", self._clock() - transaction.received_at)


def _is_refusal(error: ClientError) -> bool:
    """Whether the topic certainly did not accept the alert; after a server error it may have."""
    response: dict[str, Any] = dict(error.response)
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", HTTPStatus.INTERNAL_SERVER_ERROR)
    return bool(status < HTTPStatus.INTERNAL_SERVER_ERROR)
