"""The notifier: publishes one alert per transaction. A failed message of a batch is delivered again alone."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from functions.common.domain.suspicious_message import SuspiciousTransaction
from functions.common.dynamodb.client import TransactionNotFoundError
from functions.common.runtime.clock import Clock
from functions.common.runtime.telemetry import Telemetry
from functions.notify.alert import MAX_LISTED, Alert, compose_alert, compose_summary
from functions.notify.alert_records import AlertRecords, AlreadyAlertedError
from functions.notify.publisher import AlertPublisher

# The maximum duration of one publication, retries included. A function that times out returns no response,
# and then every message of the batch is delivered again.
_MAX_PUBLICATION_MS = 12_000


class Notifier:
    """Publishes the messages of a batch as alerts, one after another. A batch has at most ten messages."""

    def __init__(
        self,
        publisher: AlertPublisher,
        records: AlertRecords,
        telemetry: Telemetry,
        clock: Clock,
    ) -> None:
        self._publisher = publisher
        self._records = records
        self._telemetry = telemetry
        self._clock = clock

    def process_batch(self, event: dict[str, Any], remaining_ms: Callable[[], int]) -> dict[str, Any]:
        """Process an event of an SQS event source mapping.

        `remaining_ms` returns the time left to the invocation. Returns the partial batch response: the IDs of
        the messages to deliver again.
        """
        failed = [
            record["messageId"]
            for position, record in enumerate(event["Records"])
            if not self._process(record, has_time=position == 0 or remaining_ms() > _MAX_PUBLICATION_MS)
        ]
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

    def _process(self, record: dict[str, Any], *, has_time: bool) -> bool:
        if not has_time:
            self._telemetry.count("AlertsPostponed")
            return False
        self._telemetry.set_transaction(None)
        try:
            transaction = msgspec.json.decode(record["body"], type=SuspiciousTransaction)
            self._telemetry.set_transaction(transaction.transaction_id)
            self._alert_once(transaction, record["messageId"])
        except Exception as error:
            # Any error affects this message only: SQS delivers it again, and then to the dead-letter queue.
            self._telemetry.error(f"alert failed for message {record['messageId']}", error)
            self._telemetry.count("AlertsFailed")
            return False
        return True

    def _alert_once(self, transaction: SuspiciousTransaction, message_id: str) -> None:
        """Publish and record the alert, unless it is already published."""
        # Composed before the claim, so that a message that cannot be composed does not hold one.
        alert = self._compose(transaction)
        try:
            self._records.claim(transaction, message_id, self._clock())
        except AlreadyAlertedError:
            self._telemetry.info("alert already published")
            return
        except TransactionNotFoundError:
            self._telemetry.info("transaction not in the table")
            return
        try:
            publication_id = self._publisher.publish(alert)
        except ClientError as error:
            if _is_rejection(error):
                self._records.release(transaction, message_id)
            raise
        self._records.record(transaction, publication_id, self._clock())
        self._report(transaction)

    def _compose(self, transaction: SuspiciousTransaction) -> Alert:
        if not transaction.summary_since:
            return compose_alert(transaction)
        account_id, started_at = transaction.account_id, transaction.summary_since
        count = self._records.count_window(account_id, started_at)
        decisions = self._records.read_window(account_id, started_at, MAX_LISTED)
        return compose_summary(transaction, count, decisions)

    def _report(self, transaction: SuspiciousTransaction) -> None:
        if transaction.summary_since:
            self._telemetry.info("summary published")
            self._telemetry.count("SummariesPublished")
            return
        self._telemetry.info("alert published", score=transaction.score)
        self._telemetry.count("AlertsPublished")
        self._telemetry.record_duration("PostToAlert", self._clock() - transaction.received_at)


def _is_rejection(error: ClientError) -> bool:
    """True if the topic certainly did not accept the alert. After a server error it may have."""
    response: dict[str, Any] = dict(error.response)
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", HTTPStatus.INTERNAL_SERVER_ERROR)
    return bool(status < HTTPStatus.INTERNAL_SERVER_ERROR)
