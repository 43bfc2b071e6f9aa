"""Replay of undecided transactions: announced once, waited for, and counted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from operations.repair import replay as replaying
from operations.repair.bus import Bus
from operations.repair.replay import Replay
from operations.repair.replay_command import read_period, read_request
from operations.repair.transaction_reader import Period, TableSize, TransactionReader
from terminal.errors import UserError
from tests.unit.operations import messages
from tests.unit.operations.fake_transaction_table import FakeTransactionTable
from tests.unit.operations.repair.test_routes import NOW_MS, FakeBus

ALL = Period(0, NOW_MS)


class Clock:
    """A clock that advances only during sleeps."""

    def __init__(self, on_sleep: Callable[[], None] = lambda: None) -> None:
        self.seconds = 0.0
        self._on_sleep = on_sleep

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self._on_sleep()


def table_of(fake: Any) -> TransactionReader:
    return TransactionReader(fake, "transactions", lambda: NOW_MS)


def filled(count: int, page_size: int = 100) -> FakeTransactionTable:
    table = FakeTransactionTable(page_size)
    table.items = [messages.image(f"t-{number}") for number in range(count)]
    return table


def run(fake: FakeTransactionTable, bus: Any, clock: Clock | None = None) -> Replay:
    clock = clock or Clock()
    table = table_of(fake)
    replay = Replay(table, Bus(bus, "bus"), clock=clock, sleep=clock.sleep, patience_seconds=10)
    replay.run(table.scan_undecided(ALL, segments=2))
    return replay


def test_undecided_transactions_are_announced_and_waited_for() -> None:
    table, bus = filled(250, page_size=7), FakeBus()
    table.decide("t-3")
    clock = Clock(lambda: table.decide(*bus.announced))
    result = run(table, bus, clock).result
    assert (result.total, result.decided, result.is_complete) == (249, 249, True)
    assert sorted(bus.announced) == sorted(f"t-{n}" for n in range(250) if n != 3)


def test_transactions_that_stay_undecided_are_named_after_the_patience() -> None:
    table, bus = filled(3), FakeBus()
    clock = Clock(lambda: table.decide("t-1"))
    result = run(table, bus, clock).result
    assert (result.decided, sorted(result.waiting), result.is_complete) == (1, ["t-0", "t-2"], False)
    assert 10 <= clock.seconds < 12


def test_refused_and_unreadable_transactions_are_failures() -> None:
    table, bus = filled(3), FakeBus(refused="t-1")
    table.items[2]["amount"] = {"S": "much"}
    clock = Clock(lambda: table.decide("t-0"))
    result = run(table, bus, clock).result
    assert (result.decided, sorted(result.failed)) == (1, ["t-1", "t-2"])
    assert not result.is_complete


def test_round_without_a_decision_ends_the_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "ROUND_SIZE", 2)
    table, bus = filled(5), FakeBus()
    result = run(table, bus).result
    assert (len(bus.announced), len(result.waiting), result.stopped) == (2, 2, True)


def test_transaction_is_found_by_id_unless_it_is_expired() -> None:
    table = filled(2)
    table.items[1]["expires_at"] = {"N": "1"}
    assert table_of(table).find("t-0") is not None
    assert table_of(table).find("t-1") is None
    assert table_of(table).find("t-2") is None


def test_scan_of_a_large_table_has_more_segments_and_a_price() -> None:
    size = TableSize(items=100_000_000, bytes=100_000_000_000)
    assert size.segments == 8
    assert size.scan_dollars == pytest.approx(1.53, abs=0.01)
    assert TableSize(0, 0).segments == 1


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2h", "", (NOW_MS - 7_200_000, NOW_MS)),
        ("2h", "30m", (NOW_MS - 7_200_000, NOW_MS - 1_800_000)),
        ("2026-01-31T18:00", "2026-01-31T19:00+01:00", None),
        ("2026-01-31", "2026-02-01T00:00Z", (1_769_817_600_000, 1_769_904_000_000)),
    ],
)
def test_times_are_durations_or_iso_times_in_utc(
    since: str, until: str, expected: tuple[int, int] | None
) -> None:
    if expected is None:
        with pytest.raises(UserError):
            read_period(since, until, NOW_MS)
        return
    assert read_period(since, until, NOW_MS) == Period(*expected)


@pytest.mark.parametrize(
    ("since", "until"),
    [("", ""), ("2x", ""), ("yesterday", ""), ("1h", "2h"), ("2999-01-01", ""), ("0s", "")],
)
def test_invalid_periods_are_refused(since: str, until: str) -> None:
    with pytest.raises(UserError):
        read_period(since, until, NOW_MS)


def test_ids_are_read_in_order_without_duplicates(tmp_path: Path) -> None:
    file = tmp_path / "ids.txt"
    file.write_text("t-2\n\n t-1 \nt-2\n")
    assert read_request("1h", "", str(file), undecided=False)[1] == ["t-2", "t-1"]


def test_invalid_requests_are_refused(tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty", tmp_path / "binary"
    empty.write_text("\n")
    binary.write_bytes(b"\xff\xfe\x00")
    for ids, undecided in ((str(empty), False), (str(binary), False), ("missing", False), (str(empty), True)):
        with pytest.raises(UserError):
            read_request("1h", "", ids, undecided=undecided)
