"""The threads of consumers: started, stopped and woken with their consumers."""

from collections.abc import Callable
from dataclasses import dataclass, field

from local.aws_json import AwsError
from local.delivery.delays import Delays
from local.delivery.streams.pollers import Pause, StreamPoller, StreamPollers
from local.delivery.streams.records import DeliveryStoppedError


@dataclass
class FakeConsumer:
    """A pipe or a mapping that the test enables and disables."""

    key: str
    running: bool = True

    def is_running(self) -> bool:
        return self.running


class FakePoller(StreamPoller):
    """Runs the steps of the test in the test's thread, and stops after the last one."""

    def __init__(self, *steps: Callable[[], Pause | None]) -> None:
        super().__init__("poller", Delays(0.0))
        self.steps = list(steps)
        self.errors: list[AwsError] = []
        self.is_started = False

    @property
    def is_stopped(self) -> bool:
        return self._stopping.is_set()

    def start(self) -> None:
        self.is_started = True

    def join(self, timeout: float | None = None) -> None:
        pass

    def deliver_next(self) -> Pause | None:
        if len(self.steps) == 1:
            self.stop()
        return self.steps.pop(0)()

    def report_read_error(self, error: AwsError) -> None:
        self.errors.append(error)


@dataclass
class Pollers:
    """The pollers of the consumers that the test changes."""

    consumers: list[FakeConsumer]
    created: dict[str, FakePoller] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pollers = StreamPollers(lambda: self.consumers, self._create)

    def _create(self, consumer: FakeConsumer) -> FakePoller:
        self.created[consumer.key] = FakePoller()
        return self.created[consumer.key]


def test_poller_runs_while_its_consumer_does() -> None:
    consumer = FakeConsumer("a")
    pollers = Pollers([consumer, FakeConsumer("b", running=False)])
    pollers.pollers.refresh()
    assert pollers.created.keys() == {"a"}
    assert pollers.created["a"].is_started
    consumer.running = False
    pollers.pollers.refresh()
    assert pollers.created["a"].is_stopped


def test_write_wakes_every_poller() -> None:
    pollers = Pollers([FakeConsumer("a"), FakeConsumer("b")])
    pollers.pollers.refresh()
    for poller in pollers.created.values():
        poller.wake.clear()
    pollers.pollers.wake()
    assert all(poller.wake.is_set() for poller in pollers.created.values())


def test_stopped_pollers_are_not_started_again() -> None:
    pollers = Pollers([FakeConsumer("a")])
    pollers.pollers.refresh()
    pollers.pollers.stop(0.0)
    first = pollers.created.pop("a")
    pollers.pollers.refresh()
    assert first.is_stopped
    assert pollers.created == {}


def test_poller_continues_after_a_read_error() -> None:
    def fail() -> Pause:
        raise AwsError("AccessDeniedException", "as asked")

    poller = FakePoller(fail, fail, lambda: None)
    poller.run()
    assert len(poller.errors) == 2
    assert poller.steps == []


def test_poller_ends_if_its_delivery_is_stopped() -> None:
    def stop() -> Pause:
        raise DeliveryStoppedError

    poller = FakePoller(stop, lambda: None)
    poller.run()
    assert len(poller.steps) == 1
