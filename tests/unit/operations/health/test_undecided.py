from typing import Any, cast

from operations.health.undecided import SAMPLE_BYTES, check_undecided
from operations.repair.undecided import Period, TableSize, TransactionTable

NOW = 1_780_000_000_000


class Table:
    """A table of a size, with transactions that were received so many seconds ago."""

    def __init__(self, *ages: int, size_bytes: int = 1000) -> None:
        self.parts = 0
        self.period = Period(0, 0)
        self._ages, self._bytes = ages, size_bytes

    def size(self) -> TableSize:
        return TableSize(len(self._ages), self._bytes)

    def sample_undecided(self, period: Period, parts: int, part: int) -> list[dict[str, Any]]:
        assert 0 <= part < parts
        self.parts, self.period = parts, period
        items = [{"received_at": {"N": str(NOW - age * 1000)}} for age in self._ages]
        return [item for item in items if period.has(item)]


def check(table: Table, scale: float = 1.0) -> Any:
    return check_undecided(cast(TransactionTable, table), NOW, scale)


def test_transactions_on_their_way_are_not_undecided() -> None:
    assert check(Table(1, 299)).state == "ok"


def test_transactions_that_wait_for_minutes_are_wrong_and_the_oldest_is_named() -> None:
    found = check(Table(10, 400, 7300))
    assert found.state == "wrong"
    assert found.detail.startswith("2 are undecided")
    assert "2 h" in found.detail


def test_the_embedded_aws_waits_less() -> None:
    assert check(Table(10), scale=1 / 60).state == "wrong"


def test_a_large_table_is_sampled_so_that_the_cost_has_a_bound() -> None:
    table = Table(400, size_bytes=10 * SAMPLE_BYTES + 1)
    assert "1/11" in check(table).detail
    assert table.parts == 11
