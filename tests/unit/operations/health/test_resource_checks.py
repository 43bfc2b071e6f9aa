from types import SimpleNamespace
from typing import Any, cast

import pytest

from operations.health.resource_checks import SAMPLE_BYTES, check_event_sources, check_undecided
from operations.repair.transaction_reader import Period, TableSize, TransactionReader

NOW = 1_780_000_000_000


class Table:
    """A table of a size, with transactions that were received so many seconds ago."""

    def __init__(self, *ages: int, size_bytes: int = 1000) -> None:
        self.parts = 0
        self.period = Period(0, 0)
        self._ages, self._bytes = ages, size_bytes

    def read_size(self) -> TableSize:
        return TableSize(len(self._ages), self._bytes)

    def sample_undecided(self, period: Period, parts: int, part: int) -> list[dict[str, Any]]:
        assert 0 <= part < parts
        self.parts, self.period = parts, period
        items = [{"received_at": {"N": str(NOW - age * 1000)}} for age in self._ages]
        return [item for item in items if period.contains(item)]


def check(table: Table, scale: float = 1.0) -> Any:
    return check_undecided(cast(TransactionReader, table), NOW, scale)


def test_recent_transactions_are_ok() -> None:
    assert check(Table(1, 299)).state == "ok"


def test_overdue_transactions_are_wrong_with_count_and_age() -> None:
    result = check(Table(10, 400, 7300))
    assert result.state == "wrong"
    assert result.detail.startswith("2 are undecided")
    assert "2 h" in result.detail


def test_delay_is_shorter_on_the_embedded_aws() -> None:
    assert check(Table(10), scale=1 / 60).state == "wrong"


def test_large_table_is_sampled() -> None:
    table = Table(400, size_bytes=10 * SAMPLE_BYTES + 1)
    assert "1/11" in check(table).detail
    assert table.parts == 11


STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/transactions/stream/2026-01-01T00:00:00.000"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:suspicious"


class Mappings:
    """Lambda with event source mappings of one state, by the ARN of their sources."""

    exceptions = SimpleNamespace(ResourceNotFoundException=KeyError)

    def __init__(self, *sources: str, state: str = "Enabled") -> None:
        self._mappings = [{"EventSourceArn": source, "State": state} for source in sources]

    def list_event_source_mappings(self, **_request: str) -> dict[str, Any]:
        return {"EventSourceMappings": self._mappings}


@pytest.mark.parametrize(
    ("source", "subject"),
    [(QUEUE, "event source suspicious"), (STREAM, "event source stream of transactions")],
)
def test_event_source_is_named_for_its_queue_or_table(source: str, subject: str) -> None:
    (result,) = check_event_sources(Mappings(source), "fraud-pipeline-merchants", "runbook.md")
    assert (result.subject, result.state) == (subject, "ok")


def test_disabled_event_source_is_wrong() -> None:
    mappings = Mappings(STREAM, state="Disabled")
    (result,) = check_event_sources(mappings, "fraud-pipeline-merchants", "runbook.md")
    assert (result.state, result.detail, result.runbook) == ("wrong", "disabled", "runbook.md")


def test_missing_event_source_is_wrong() -> None:
    (result,) = check_event_sources(Mappings(), "fraud-pipeline-merchants", "runbook.md")
    assert (result.state, result.detail) == ("wrong", "does not exist")
