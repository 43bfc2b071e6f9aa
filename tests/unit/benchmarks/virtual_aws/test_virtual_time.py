from collections.abc import Iterator

import pytest

from benchmarks.virtual_aws.virtual_time import VirtualTime


@pytest.fixture
def time() -> Iterator[VirtualTime]:
    time = VirtualTime()
    yield time
    time.close()


def test_tasks_continue_in_the_order_of_their_times(time: VirtualTime) -> None:
    steps: list[tuple[str, float]] = []

    def walk(name: str, seconds: float) -> None:
        for _ in range(3):
            time.sleep(seconds)
            steps.append((name, time.now))

    time.start(lambda: walk("slow", 3600.0))
    time.start(lambda: walk("fast", 1500.0))
    time.run()

    assert steps == [
        ("fast", 1500.0),
        ("fast", 3000.0),
        ("slow", 3600.0),
        ("fast", 4500.0),
        ("slow", 7200.0),
        ("slow", 10800.0),
    ]


def test_entries_of_the_same_time_run_in_the_order_in_which_they_were_added(time: VirtualTime) -> None:
    steps: list[int] = []
    for number in range(5):
        time.call_later(1.0, lambda number=number: steps.append(number))  # type: ignore[misc]
    time.run()
    assert steps == [0, 1, 2, 3, 4]


def test_a_call_starts_a_task_at_its_time(time: VirtualTime) -> None:
    started_at: list[float] = []
    time.call_later(5.0, lambda: time.start(lambda: started_at.append(time.now)))
    time.run()
    assert started_at == [5.0]


def test_run_stops_at_its_limit_and_continues(time: VirtualTime) -> None:
    ended_at: list[float] = []

    def task() -> None:
        time.sleep(10.0)
        ended_at.append(time.now)

    time.start(task)
    time.run(until=4.0)
    assert (time.now, ended_at) == (4.0, [])
    time.run()
    assert ended_at == [10.0]


def test_an_error_of_a_task_ends_the_run(time: VirtualTime) -> None:
    def fail() -> None:
        time.sleep(1.0)
        raise KeyError("lost")

    time.start(lambda: time.sleep(2.0))
    time.start(fail)
    with pytest.raises(KeyError):
        time.run()
    assert time.now == 1.0


def test_an_error_of_a_call_ends_the_run(time: VirtualTime) -> None:
    def fail() -> None:
        raise KeyError("lost")

    time.call_later(1.0, fail)
    with pytest.raises(KeyError):
        time.run()


def test_close_ends_tasks_that_sleep() -> None:
    time, steps = VirtualTime(), list[str]()

    def task() -> None:
        try:
            time.sleep(10.0)
            steps.append("after the sleep")
        finally:
            steps.append("cleaned up")

    time.start(task)
    time.run(until=1.0)
    time.close()
    assert steps == ["cleaned up"]
