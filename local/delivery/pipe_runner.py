"""The pipes that run: a thread each, woken by writes to a table, reading its stream as the pipe's role."""

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from local.aws_json import AwsError, AwsJson, Caller
from local.delivery.delays import Delays
from local.delivery.pipe_delivery import SHARD_ID, PipeDelivery, Record, Stopped
from local.delivery.pipe_settings import PipeSettings

logger = logging.getLogger("local.pipes")

# A write wakes a pipe at once; this only bounds what a missed one would cost.
IDLE_SECONDS = 5.0
# From a write to reading it, so that who wrote is answered first and a burst comes as batches. AWS polls four
# times a second.
GATHER_SECONDS = 0.05
# A read position that the stream no longer has, or an iterator that is too old.
STALE_ITERATOR = {"ExpiredIteratorException", "TrimmedDataAccessException"}


class Pipe(Protocol):
    """A pipe in the emulator."""

    @property
    def key(self) -> object:
        """Tells it from every other, also from one of the same name that was deleted before."""

    def settings(self) -> PipeSettings:
        """As configured now."""

    def runs(self) -> bool:
        """Whether it exists and is to run."""

    def position(self) -> str | None:
        """The sequence number of the last record that is done with; None before the first."""

    def advance(self, sequence_number: str) -> None:
        """Remember the position, also over a restart."""

    def assume_role(self) -> Caller:
        """A session of its role. Raises AwsError if the role does not trust pipes."""

    def aws(self) -> AwsJson:
        """Calls in its region."""

    def matches(self, pattern: str, record: Record) -> bool:
        """Whether an event pattern (JSON text) matches a record."""

    def queue_url(self, arn: str) -> str:
        """The address of an SQS queue."""

    def count_failure(self) -> None:
        """Publish that an execution failed."""


class PipeRunner:
    """Keeps one thread per running pipe."""

    def __init__(self, list_pipes: Callable[[], Sequence[Pipe]], delays: Delays) -> None:
        self._list_pipes = list_pipes
        self._delays = delays
        self._threads: dict[object, PipeThread] = {}
        self._lock = threading.Lock()
        self._stopped = False

    def refresh(self) -> None:
        """Call when a pipe was made, changed, started, stopped or deleted. Does not wait."""
        with self._lock:
            running = {} if self._stopped else {pipe.key: pipe for pipe in self._list_pipes() if pipe.runs()}
            for key in self._threads.keys() - running.keys():
                self._threads.pop(key).stop()
            for key in running.keys() - self._threads.keys():
                self._threads[key] = PipeThread(running[key], self._delays)
                self._threads[key].start()
        self.wake()

    def wake(self) -> None:
        """Call when a table was written to. Does not wait."""
        for thread in list(self._threads.values()):
            thread.wake.set()

    def stop(self, timeout_seconds: float) -> None:
        """Stop all pipes; a batch under way is finished if it can be in time, else delivered again later."""
        with self._lock:
            self._stopped = True
            threads = list(self._threads.values())
        for thread in threads:
            thread.stop()
        deadline = time.monotonic() + timeout_seconds
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))


class PipeThread(threading.Thread):
    """One running pipe."""

    def __init__(self, pipe: Pipe, delays: Delays) -> None:
        super().__init__(name=f"pipe-{pipe.settings().name}", daemon=True)
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
            except Stopped:
                return
            except AwsError as error:
                failures += 1
                logger.warning("pipe %s cannot read its stream: %s", self._pipe.settings().name, error)
                self._pipe.count_failure()
                self._session = self._iterator = None
                self._stopping.wait(self._delays.pipe(failures))
                continue
            if self.wake.wait(IDLE_SECONDS):
                self._stopping.wait(GATHER_SECONDS)
            self.wake.clear()

    def _deliver_batch(self) -> bool:
        """Whether there was something to deliver."""
        if self._stopping.is_set() or not self._pipe.runs():
            return False
        settings = self._pipe.settings()
        records = self._read(settings)
        if not records:
            return False
        world = _Surroundings(self._pipe, settings, self._caller(settings), self._stopping, self._delays)
        PipeDelivery(settings, world).deliver(records)
        self._pipe.advance(records[-1]["dynamodb"]["SequenceNumber"])
        return True

    def _caller(self, settings: PipeSettings) -> Caller:
        """A session of the role that the pipe has now."""
        if self._session is None or self._session[0] != settings.role_arn:
            self._session = (settings.role_arn, self._pipe.assume_role())
        return self._session[1]

    def _read(self, settings: PipeSettings) -> list[Record]:
        """The next records, at most one batch."""
        aws, caller = self._pipe.aws(), self._caller(settings)
        if self._iterator is None:
            self._iterator = self._open(aws, caller, settings)
        try:
            answer = aws.call(
                caller, "dynamodb", "GetRecords",
                {"ShardIterator": self._iterator, "Limit": min(settings.batch_size, 1000)},
            )  # fmt: skip
        except AwsError as error:
            if error.code not in STALE_ITERATOR:
                raise
            self._iterator = None
            return self._read(settings)
        self._iterator = answer.get("NextShardIterator")
        return [{**record, "eventSourceARN": settings.source_arn} for record in answer["Records"]]

    def _open(self, aws: AwsJson, caller: Caller, settings: PipeSettings) -> str:
        position = self._pipe.position()
        place: dict[str, Any] = {"ShardIteratorType": "TRIM_HORIZON"}
        if position is not None:
            place = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": position}
        shard = {"StreamArn": settings.source_arn, "ShardId": SHARD_ID}
        try:
            answer = aws.call(caller, "dynamodb", "GetShardIterator", {**shard, **place})
        except AwsError as error:
            if error.code not in STALE_ITERATOR:
                raise
            answer = aws.call(
                caller, "dynamodb", "GetShardIterator", {**shard, "ShardIteratorType": "TRIM_HORIZON"}
            )
        return str(answer["ShardIterator"])


class _Surroundings:
    """The emulator as one batch of one pipe sees it; everything is called as the pipe's role."""

    def __init__(
        self, pipe: Pipe, settings: PipeSettings, caller: Caller, stopping: threading.Event, delays: Delays
    ) -> None:
        self._pipe = pipe
        self._settings = settings
        self._caller = caller
        self._stopping = stopping
        self._delays = delays

    def matches(self, pattern: str, record: Record) -> bool:
        return self._pipe.matches(pattern, record)

    def put_events(self, entries: Sequence[dict[str, Any]]) -> list[str | None]:
        try:
            answer = self._pipe.aws().call(self._caller, "events", "PutEvents", {"Entries": list(entries)})
        except AwsError as error:
            return [str(error)] * len(entries)
        return [
            f"{entry['ErrorCode']}: {entry.get('ErrorMessage', '')}" if entry.get("ErrorCode") else None
            for entry in answer["Entries"]
        ]

    def dead_letter(self, message: dict[str, Any]) -> None:
        queue = self._settings.dead_letter_arn or ""
        request = {"QueueUrl": self._pipe.queue_url(queue), "MessageBody": json.dumps(message)}
        try:
            self._pipe.aws().call(self._caller, "sqs", "SendMessage", request)
        except AwsError as error:
            # As on AWS: what neither the target nor the queue takes is lost, and said to be.
            logger.error("pipe %s lost %s: %s", self._settings.name, message["DDBStreamBatchInfo"], error)  # noqa: TRY400

    def now(self) -> float:
        return time.time()

    def wait(self, attempt: int) -> None:
        if self._stopping.wait(self._delays.pipe(attempt)):
            raise Stopped

    def failed(self, reason: str) -> None:
        logger.warning("pipe %s: a delivery failed: %s", self._settings.name, reason)
        self._pipe.count_failure()
