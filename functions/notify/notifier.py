"""Publishes one alert per message of a batch; what fails is reported alone, and tried again alone."""

from collections.abc import Callable
from typing import Any

import msgspec

from functions.common.clock import Clock
from functions.common.suspicious import SuspiciousTransaction
from functions.common.telemetry import Telemetry
from functions.notify.alert import compose, summarize
from functions.notify.topic import AlertTopic
from functions.notify.windows import AlertWindows

# The longest that one publication takes, retries included. A function that is cut off reports nothing, and
# then the whole batch is published again.
_LONGEST_PUBLICATION_MS = 12_000


class Notifier:
    """Turns messages of the queue into alerts on the topic, one after another: a batch is ten at most."""

    def __init__(self, topic: AlertTopic, windows: AlertWindows, telemetry: Telemetry, clock: Clock) -> None:
        self._topic = topic
        self._windows = windows
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
            self._publish(msgspec.json.decode(record["body"], type=SuspiciousTransaction))
        except Exception as error:
            # Whatever it is, it is this message's alone: it comes again, and in the end to the dead letters.
            self._telemetry.failure(f"alert failed for message {record['messageId']}", error)
            self._telemetry.count("AlertsFailed")
            return False
        return True

    def _publish(self, transaction: SuspiciousTransaction) -> None:
        self._telemetry.about(transaction.transaction_id)
        if transaction.summary_since:
            self._summarize(transaction)
            return
        self._topic.publish(compose(transaction))
        self._telemetry.info("alert published", score=transaction.score)
        self._telemetry.count("AlertsPublished")
        self._telemetry.duration("PostToAlert", self._clock() - transaction.received_at)

    def _summarize(self, transaction: SuspiciousTransaction) -> None:
        count = self._windows.count(transaction.account_id, transaction.summary_since)
        self._topic.publish(summarize(transaction, count))
        self._telemetry.info("summary published", alerts=count)
        self._telemetry.count("SummariesPublished")
