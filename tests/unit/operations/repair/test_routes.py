"""Failed batches of the pipe are announced from the stream, or later from the table."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.fraud.service import read_event
from operations.monitoring.reader import Message
from operations.repair.bus import Bus
from operations.repair.routes import BusRoute, StreamRoute
from operations.repair.transaction_reader import TransactionReader
from terminal.errors import UserError
from tests.unit.operations import messages
from tests.unit.operations.fake_transaction_table import FakeTransactionTable

NOW_MS = messages.RECEIVED_MS + 10_000


class FakeBus:
    """A bus that refuses events whose detail contains `refused`."""

    def __init__(self, refused: str = "\0") -> None:
        self.entries: list[dict[str, Any]] = []
        self._refused = refused

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        assert 1 <= len(Entries) <= 10
        refused = [self._refused in entry["Detail"] for entry in Entries]
        self.entries += [entry for entry, no in zip(Entries, refused, strict=True) if not no]
        return {"Entries": [{"ErrorCode": "InternalFailure"} if no else {"EventId": "1"} for no in refused]}

    @property
    def announced(self) -> list[str]:
        return [read_event({"detail": json.loads(entry["Detail"])}).transaction_id for entry in self.entries]


class FakeStream:
    """One shard with records by number, in pages of two with an empty page in between."""

    def __init__(self, records: dict[int, dict[str, Any]], error: str = "") -> None:
        self._records = records
        self._error = error

    def get_shard_iterator(self, *, SequenceNumber: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if self._error:
            raise ClientError({"Error": {"Code": self._error, "Message": "no"}}, "GetShardIterator")
        return {"ShardIterator": f"full {int(SequenceNumber) - 10**20}"}

    def get_records(self, *, ShardIterator: str) -> dict[str, Any]:  # noqa: N803
        kind, _, number = ShardIterator.partition(" ")
        start = int(number)
        if kind == "empty":
            return {"Records": [], "NextShardIterator": f"full {start}"}
        numbers = [number for number in sorted(self._records) if number >= start][:2]
        records = [self._records[number] for number in numbers]
        return {"Records": records, "NextShardIterator": f"empty {start + 2}"}


def record(number: int, name: str = "INSERT", **image: Any) -> dict[str, Any]:
    new = messages.image(f"t-{number}", **image)
    return {
        "eventName": name,
        "dynamodb": {"SequenceNumber": messages.sequence(number), "NewImage": new},
    }


def route(stream: Any, bus: Any, table: Any = None) -> StreamRoute:
    transactions = TransactionReader(table or FakeTransactionTable(), "transactions", lambda: NOW_MS)
    return StreamRoute(stream, Bus(bus, "bus"), transactions)


def message(body: str) -> Message:
    return Message("m-1", body, "receipt", 0)


def test_only_the_records_of_the_batch_are_announced() -> None:
    bus = FakeBus()
    stream = FakeStream({number: record(number) for number in range(1, 9)})
    assert route(stream, bus).send([message(messages.pipe_failure(2, 6))]) == [""]
    assert bus.announced == [f"t-{number}" for number in range(2, 7)]


def test_records_after_the_batch_are_not_announced_if_its_last_one_is_missing() -> None:
    bus = FakeBus()
    stream = FakeStream({number: record(number) for number in (1, 2, 4, 5)})
    assert route(stream, bus).send([message(messages.pipe_failure(1, 3))]) == [""]
    assert bus.announced == ["t-1", "t-2"]


def test_changes_and_guard_items_are_not_announced() -> None:
    bus = FakeBus()
    guard = record(2)
    del guard["dynamodb"]["NewImage"]["account_id"]
    stream = FakeStream({1: record(1, "MODIFY"), 2: guard, 3: record(3)})
    assert route(stream, bus).send([message(messages.pipe_failure(1, 3))]) == [""]
    assert bus.announced == ["t-3"]


def test_unreadable_record_keeps_its_message_and_the_rest_is_announced() -> None:
    bus = FakeBus()
    stream = FakeStream({1: record(1, amount={"S": "much"}), 2: record(2)})
    (error,) = route(stream, bus).send([message(messages.pipe_failure(1, 2))])
    assert "t-1" in error
    assert bus.announced == ["t-2"]


def test_event_that_the_bus_refuses_keeps_its_message() -> None:
    stream = FakeStream({1: record(1), 2: record(2)})
    bus = FakeBus(refused="t-2")
    bodies = [message(messages.pipe_failure(1, 1)), message(messages.pipe_failure(2, 2))]
    assert route(stream, bus).send(bodies) == ["", "InternalFailure"]


@pytest.mark.parametrize("error", ["TrimmedDataAccessException", "ResourceNotFoundException"])
def test_trimmed_records_are_found_in_the_table_by_one_scan(error: str) -> None:
    table, bus = FakeTransactionTable(), FakeBus()
    table.items = [
        messages.image("t-1"),
        messages.image("t-2", decision={"S": "{}"}),
        messages.image("t-3", received_at={"N": str(messages.RECEIVED_MS - 10 * 3_600_000)}),
        messages.image("t-4", expires_at={"N": "1"}),
    ]
    arrival = datetime.fromtimestamp(messages.RECEIVED_MS / 1000, UTC).isoformat()
    failed = [message(messages.pipe_failure(n, n, arrival)) for n in range(1, 4)]
    assert route(FakeStream({}, error), bus, table).send(failed) == ["", "", ""]
    assert bus.announced == ["t-1"]
    assert table.scans == 1


def test_other_stream_error_is_a_user_error() -> None:
    with pytest.raises(UserError):
        route(FakeStream({}, "AccessDeniedException"), FakeBus()).send([message(messages.pipe_failure())])


def test_event_returns_to_the_bus_unchanged() -> None:
    bus = FakeBus()
    client: Any = bus
    assert BusRoute(Bus(client, "bus")).send([message(messages.failed_event())]) == [""]
    (entry,) = bus.entries
    original = messages.event()
    assert (entry["Source"], entry["DetailType"]) == (original["source"], original["detail-type"])
    assert json.loads(entry["Detail"]) == original["detail"]
    assert entry["EventBusName"] == "bus"
