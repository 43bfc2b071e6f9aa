from collections.abc import Mapping
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from functions.common.dynamodb.client import StoreBusyError, TransactionNotFoundError
from functions.notify.alert_records import AlertClaimedError, AlertRecords, AlreadyAlertedError
from tests.unit.functions.builders import NOW, suspicious
from tests.unit.functions.fakes import client_error

CONFLICT = client_error("TransactionConflictException")


class FakeTable:
    """Records the calls of UpdateItem. The first calls raise the `errors`."""

    def __init__(self, *errors: ClientError) -> None:
        self.calls: list[dict[str, Any]] = []
        self._errors = list(errors)

    def update_item(self, **arguments: Any) -> None:
        self.calls.append(arguments)
        if self._errors:
            raise self._errors.pop(0)


def condition_error(item: Mapping[str, Any] | None) -> ClientError:
    response: Any = {"Error": {"Code": "ConditionalCheckFailedException"}, **({"Item": item} if item else {})}
    return ClientError(response, "UpdateItem")


def create_records(table: FakeTable) -> AlertRecords:
    return AlertRecords(lambda: cast(Any, table), "transactions", "profiles", sleep=lambda _: None)


@pytest.mark.parametrize(
    ("item", "error"),
    [
        (None, TransactionNotFoundError),
        ({"transaction_id": {"S": "tx-1"}, "alerted_at": {"N": "1"}}, AlreadyAlertedError),
        ({"transaction_id": {"S": "tx-1"}, "alert_claim": {"S": "m-2"}}, AlertClaimedError),
    ],
)
def test_refused_claim_raises_the_error_for_its_item(
    item: Mapping[str, Any] | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        create_records(FakeTable(condition_error(item))).claim(suspicious(), "m-1", NOW)


def test_unexpected_error_of_a_claim_is_raised() -> None:
    with pytest.raises(ClientError):
        create_records(FakeTable(client_error("AccessDeniedException"))).claim(suspicious(), "m-1", NOW)


def test_claim_that_conflicts_with_another_write_is_repeated() -> None:
    table = FakeTable(CONFLICT, CONFLICT)
    create_records(table).claim(suspicious(), "m-1", NOW)
    assert len(table.calls) == 3


def test_record_that_conflicts_with_another_write_is_repeated() -> None:
    table = FakeTable(CONFLICT)
    create_records(table).record(suspicious(), "publication", NOW)
    assert len(table.calls) == 2


def test_persistent_conflict_is_busy_and_not_a_missing_transaction() -> None:
    with pytest.raises(StoreBusyError):
        create_records(FakeTable(*[CONFLICT] * 100)).claim(suspicious(), "m-1", NOW)


def test_claim_outlives_any_invocation() -> None:
    table = FakeTable()
    create_records(table).claim(suspicious(), "m-1", NOW)
    values = table.calls[0]["ExpressionAttributeValues"]
    assert int(values[":until"]["N"]) - int(values[":now"]["N"]) >= 60_000


def test_released_claim_has_expired_and_remains() -> None:
    """The filter of the stream ignores an item with a claim."""
    table = FakeTable()
    create_records(table).release(suspicious(), "m-1")
    [call] = table.calls
    assert call["UpdateExpression"] == "SET alert_claim_until = :expired"
    assert call["ExpressionAttributeValues"] == {":message": {"S": "m-1"}, ":expired": {"N": "0"}}


def test_record_has_the_time_and_id_of_the_publication() -> None:
    table = FakeTable()
    create_records(table).record(suspicious(), "publication", NOW)
    [call] = table.calls
    assert call["ExpressionAttributeValues"] == {":now": {"N": str(NOW)}, ":id": {"S": "publication"}}
    assert call["Key"] == {"transaction_id": {"S": "tx-1"}, "timestamp": {"N": str(NOW)}}
