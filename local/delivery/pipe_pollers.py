"""The pollers of running pipes: one thread for each pipe reads the table's stream with the pipe's role."""

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from local.aws_json import AwsError, Caller
from local.delivery.delays import Delays
from local.delivery.emulated_pipes import EmulatedPipe
from local.delivery.pipe_delivery import SHARD_ID, PipeDelivery, PipeStoppedError, StreamRecord
from local.delivery.pipe_settings import PipeSettings

logger = logging.getLogger("local.pipes")

# A write wakes a pipe immediately; this limits the delay after a wake-up that was missed.
IDLE_SECONDS = 5.0
# Delay between a write and reading it: the writer gets its response first, and a burst becomes one batch. AWS
# polls four times a second.
GATHER_SECONDS = 0.05
# The stream no longer has the position, or the iterator has expired.
STALE_ITERATOR_ERRORS = {"ExpiredIteratorException", "TrimmedDataAccessException"}
GET_RECORDS_LIMIT = 1000


class PipePollers:
    """Runs one poller for each running pipe."""

    def __init__(self, list_pipes: Callable[[], Sequence[EmulatedPipe]], delays: Delays) -> None:
        self._list_pipes = list_pipes
        self._delays = delays
        self._pollers: dict[object, PipePoller] = {}
        self._lock = threading.Lock()
        self._stopped = False

    def refresh(self) -> None:
        """Start and stop pollers after a pipe was changed. Does not wait for them."""
        with self._lock:
            running = (
                {} if self._stopped else {pipe.key: pipe for pipe in self._list_pipes() if pipe.is_running()}
            )
            for key in self._pollers.keys() - running.keys():
                self._pollers.pop(key).stop()
            for key in running.keys() - self._pollers.keys():
                self._pollers[key] = PipePoller(running[key], self._delays)
                self._pollers[key].start()
        self.wake()

    def wake(self) -> None:
        """Make all pipes read their streams, after a table was written to. Does not wait for them."""
        for poller in list(self._pollers.values()):
            poller.wake.set()

    def stop(self, timeout_seconds: float) -> None:
        """Stop all pollers. A batch that is not delivered in time is delivered again after the next start."""
        with self._lock:
            self._stopped = True
            pollers = list(self._pollers.values())
        for poller in pollers:
            poller.stop()
        deadline = time.monotonic() + timeout_seconds
        for poller in pollers:
            poller.join(max(0.0, deadline - time.monotonic()))


class PipePoller(threading.Thread):
    """The thread of one running pipe, and the actions of its deliveries. All calls use the pipe's role."""

    def __init__(self, pipe: EmulatedPipe, delays: Delays) -> None:
        super().__init__(name=f"pipe-{pipe.name}", daemon=True)
        self.wake = threading.Event()
        self._pipe = pipe
        self._delays = delays
        self._stopping = threading.Event()
        self._session: tuple[str, Caller] | None = None
        self._iterator: str | None = None

    def stop(self) -> None:
        self._stopping.set()
        self.wake.set()

    def run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                while self._deliver_batch():
                    failures = 0
            except PipeStoppedError:
                return
            except AwsError as error:
                failures += 1
                logger.warning("pipe %s cannot read its stream: %s", self._pipe.name, error)
                self._pipe.count_failure()
                self._session = self._iterator = None
                self._stopping.wait(self._delays.pipe(failures))
                continue
            if self.wake.wait(IDLE_SECONDS):
                self._stopping.wait(GATHER_SECONDS)
            self.wake.clear()

    def matches_pattern(self, pattern: str, record: StreamRecord) -> bool:
        return self._pipe.matches_pattern(pattern, record)

    def put_events(self, entries: Sequence[dict[str, Any]]) -> list[str | None]:
        try:
            response = self._call("events", "PutEvents", {"Entries": list(entries)})
        except AwsError as error:
            return [str(error)] * len(entries)
        return [
            f"{entry['ErrorCode']}: {entry.get('ErrorMessage', '')}" if entry.get("ErrorCode") else None
            for entry in response["Entries"]
        ]

    def send_dead_letter(self, queue_arn: str, message: dict[str, Any]) -> None:
        request = {"QueueUrl": self._pipe.queue_url(queue_arn), "MessageBody": json.dumps(message)}
        try:
            self._call("sqs", "SendMessage", request)
        except AwsError as error:
            # AWS drops records as well if neither the target nor the dead-letter queue accepts them.
            batch = message["DDBStreamBatchInfo"]
            logger.error("pipe %s lost records %s: %s", self._pipe.name, batch, error)  # noqa: TRY400

    def now(self) -> float:
        return time.time()

    def wait_before_retry(self, attempt: int) -> None:
        if self._stopping.wait(self._delays.pipe(attempt)):
            raise PipeStoppedError

    def report_failure(self, reason: str) -> None:
        logger.warning("pipe %s: delivery failed: %s", self._pipe.name, reason)
        self._pipe.count_failure()

    def _deliver_batch(self) -> bool:
        """Returns False if the stream has no new records or the pipe is stopped."""
        if self._stopping.is_set() or not self._pipe.is_running():
            return False
        settings = self._pipe.settings()
        records = self._read_batch(settings)
        if not records:
            return False
        PipeDelivery(settings, self).deliver(records)
        self._pipe.advance(records[-1]["dynamodb"]["SequenceNumber"])
        return True

    def _read_batch(self, settings: PipeSettings) -> list[StreamRecord]:
        if self._iterator is None:
            self._iterator = self._open_iterator(settings)
        limit = min(settings.batch_size, GET_RECORDS_LIMIT)
        try:
            response = self._call("dynamodb", "GetRecords", {"ShardIterator": self._iterator, "Limit": limit})
        except AwsError as error:
            if error.code not in STALE_ITERATOR_ERRORS:
                raise
            self._iterator = None
            return self._read_batch(settings)
        self._iterator = response.get("NextShardIterator")
        return [{**record, "eventSourceARN": settings.source_arn} for record in response["Records"]]

    def _open_iterator(self, settings: PipeSettings) -> str:
        shard = {"StreamArn": settings.source_arn, "ShardId": SHARD_ID}
        oldest = {**shard, "ShardIteratorType": "TRIM_HORIZON"}
        position = self._pipe.position()
        start = oldest
        if position is not None:
            start = {**shard, "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": position}
        try:
            response = self._call("dynamodb", "GetShardIterator", start)
        except AwsError as error:
            if error.code not in STALE_ITERATOR_ERRORS:
                raise
            response = self._call("dynamodb", "GetShardIterator", oldest)
        return str(response["ShardIterator"])

    def _call(self, service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Call an operation with a session of the current role of the pipe."""
        role = self._pipe.settings().role_arn
        if self._session is None or self._session[0] != role:
            self._session = (role, self._pipe.assume_role())
        return self._pipe.aws.call(self._session[1], service, operation, payload)
