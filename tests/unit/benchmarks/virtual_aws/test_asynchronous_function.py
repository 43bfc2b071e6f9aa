from collections.abc import Callable, Iterator
from typing import Any

import pytest

from benchmarks.virtual_aws.asynchronous_function import (
    FAILURE_QUEUE,
    RETRY_QUEUE,
    THROTTLED_EVENTS,
    AsynchronousFunction,
    Environment,
    FunctionLimits,
)
from benchmarks.virtual_aws.virtual_time import VirtualTime

EVENT = {"detail": 1}
BATCH_SIZE, WINDOW_SECONDS = 4, 1.0


class Setting:
    """A function that takes `seconds` and fails until `healthy_at`. `starts` has the time of each attempt."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.seconds = 1.0
        self.healthy_at = 0.0
        self.starts: list[float] = []
        self.batches: list[list[str]] = []

    def create(self, *, concurrency: int = 10, retry_concurrency: int = 2) -> AsynchronousFunction:
        limits = FunctionLimits(concurrency, 2, retry_concurrency, 3, BATCH_SIZE, WINDOW_SECONDS)
        return AsynchronousFunction(self.time, limits, self._create_environment)

    def _create_environment(self) -> Environment:
        def handle(event: dict[str, Any], _remaining_ms: Callable[[], int]) -> dict[str, Any] | None:
            self.starts.append(self.time.now)
            healthy = self.time.now >= self.healthy_at
            self.time.sleep(self.seconds)
            if "Records" in event:
                message_ids = [record["messageId"] for record in event["Records"]]
                self.batches.append(message_ids)
                failed = [] if healthy else message_ids
                return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
            if not healthy:
                raise RuntimeError("unhealthy")
            return None

        return handle


@pytest.fixture
def setting() -> Iterator[Setting]:
    setting = Setting()
    yield setting
    setting.time.close()


def test_failed_event_is_retried_after_one_and_two_minutes(setting: Setting) -> None:
    setting.healthy_at = 70.0
    function = setting.create()
    function.invoke(EVENT)
    setting.time.run()
    assert setting.starts == [0.0, 61.0, 182.0]
    assert function.counts[RETRY_QUEUE] == 0


def test_event_beyond_the_concurrency_backs_off_from_one_second_doubling(setting: Setting) -> None:
    setting.seconds = 10.0
    function = setting.create(concurrency=1)
    function.invoke(EVENT)
    function.invoke(EVENT)
    setting.time.run()
    # Throttled after 0, 1, 3 and 7 seconds.
    assert setting.starts == [0.0, 15.0]
    assert function.counts[THROTTLED_EVENTS] == 1


def test_back_off_of_throttled_events_ends_at_five_minutes(setting: Setting) -> None:
    setting.seconds = 900.0
    function = setting.create(concurrency=1)
    function.invoke(EVENT)
    function.invoke(EVENT)
    setting.time.run()
    # After 1 + 2 + 4 + … + 256 seconds, every 300 seconds.
    assert setting.starts == [0.0, 1111.0]


def test_event_waits_at_most_six_hours(setting: Setting) -> None:
    setting.seconds = 7 * 3600.0
    function = setting.create(concurrency=1)
    function.invoke(EVENT)
    function.invoke(EVENT)
    setting.time.run()
    assert function.counts[RETRY_QUEUE] == 1
    assert setting.batches == [["1"]]


def test_event_moves_to_the_retry_queue_after_its_last_retry(setting: Setting) -> None:
    setting.healthy_at = 184.0
    function = setting.create()
    function.invoke(EVENT)
    setting.time.run()
    assert setting.starts == [0.0, 61.0, 182.0, 184.0]
    assert setting.batches == [["1"]]
    assert function.counts[FAILURE_QUEUE] == 0


def test_failed_message_is_delivered_again_after_its_visibility_timeout(setting: Setting) -> None:
    setting.healthy_at = 185.0
    setting.create().invoke(EVENT)
    setting.time.run()
    assert setting.starts[-2:] == [184.0, 545.0]


def test_message_moves_to_the_failure_queue_after_its_last_delivery(setting: Setting) -> None:
    setting.healthy_at = 1e9
    function = setting.create()
    function.invoke(EVENT)
    setting.time.run()
    assert len(setting.batches) == 3
    assert function.counts[FAILURE_QUEUE] == 1


def test_batches_of_the_retry_queue_respect_their_concurrency(setting: Setting) -> None:
    function = setting.create(concurrency=100, retry_concurrency=1)
    for number in range(25):
        function.send_retry(str(number))
    setting.time.run()
    # Five pollers have a full batch at once, and one more message each.
    assert [len(batch) for batch in setting.batches] == [4, 4, 4, 4, 4, 1, 1, 1, 1, 1]
    assert setting.starts == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]


def test_message_waits_for_the_window_of_its_poller(setting: Setting) -> None:
    function = setting.create()
    function.send_retry("a")
    setting.time.call_later(0.5, lambda: function.send_retry("b"))
    setting.time.run()
    assert setting.starts == [WINDOW_SECONDS, 0.5 + WINDOW_SECONDS]
