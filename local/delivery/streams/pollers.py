"""The threads of the consumers of streams: one for each running pipe or event source mapping."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from local.aws_json import AwsError
from local.delivery.delays import Delays
from local.delivery.streams.records import DeliveryStoppedError

# A write wakes a consumer immediately; this limits the delay after a wake-up that was missed.
IDLE_SECONDS = 5.0
# Delay between a write and reading it: the writer gets its response first, and a burst becomes one batch. AWS
# polls four times a second.
GATHER_SECONDS = 0.05


@dataclass(frozen=True)
class Pause:
    """The time until a consumer reads its stream again: after a write and `gather_seconds`, or at the latest
    after `seconds`.
    """

    seconds: float = IDLE_SECONDS
    gather_seconds: float = GATHER_SECONDS


class StreamPoller(threading.Thread):
    """The thread of one consumer."""

    def __init__(self, name: str, delays: Delays) -> None:
        super().__init__(name=name, daemon=True)
        self.wake = threading.Event()
        self._delays = delays
        self._stopping = threading.Event()

    def deliver_next(self) -> Pause | None:
        """Deliver one batch; None to continue at once. Raises AwsError if the stream cannot be read."""
        raise NotImplementedError

    def report_read_error(self, error: AwsError) -> None:
        """Log and count an error, and forget the session and the iterator."""
        raise NotImplementedError

    def stop(self) -> None:
        self._stopping.set()
        self.wake.set()

    def run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                pause = self.deliver_next()
            except DeliveryStoppedError:
                return
            except AwsError as error:
                failures += 1
                self.report_read_error(error)
                self._stopping.wait(self._delays.stream(failures))
                continue
            failures = 0
            if pause is not None:
                if self.wake.wait(min(pause.seconds, IDLE_SECONDS)):
                    self._stopping.wait(min(pause.seconds, pause.gather_seconds))
                self.wake.clear()

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    def wait_before_retry(self, attempt: int) -> None:
        """Wait before a retry; attempts are counted from 1. Raises DeliveryStoppedError."""
        if self._stopping.wait(self._delays.stream(attempt)):
            raise DeliveryStoppedError


class StreamConsumer(Protocol):
    """A pipe or an event source mapping."""

    @property
    def key(self) -> object:
        """Identifies the consumer, also among deleted consumers of the same name."""

    def is_running(self) -> bool:
        """Whether the consumer exists and is enabled."""


_Consumer = TypeVar("_Consumer", bound=StreamConsumer)


class StreamPollers(Generic[_Consumer]):
    """Runs one poller for each running consumer."""

    def __init__(
        self,
        list_consumers: Callable[[], Sequence[_Consumer]],
        create_poller: Callable[[_Consumer], StreamPoller],
    ) -> None:
        self._list_consumers = list_consumers
        self._create_poller = create_poller
        self._pollers: dict[object, StreamPoller] = {}
        self._lock = threading.Lock()
        self._stopped = False

    def refresh(self) -> None:
        """Start and stop pollers after a consumer was changed. Does not wait for them."""
        with self._lock:
            consumers = [] if self._stopped else self._list_consumers()
            running = {consumer.key: consumer for consumer in consumers if consumer.is_running()}
            for key in self._pollers.keys() - running.keys():
                self._pollers.pop(key).stop()
            for key in running.keys() - self._pollers.keys():
                self._pollers[key] = self._create_poller(running[key])
                self._pollers[key].start()
        self.wake()

    def wake(self) -> None:
        """Make all consumers read their streams, after a table was written to. Does not wait for them."""
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
