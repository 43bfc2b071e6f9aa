from collections.abc import Mapping
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from functions.notify.alert_records import (
    AlertedBeforeError,
    ClaimedError,
    DynamoDbAlertRecords,
    TransactionGoneError,
)
from tests.unit.functions.builders import NOW, suspicious
from tests.unit.functions.fakes import client_error


class Table:
    """UpdateItem that answers with `error`, if there is one."""

    def __init__(self, error: ClientError | None = None) -> None:
        self.calls: list[dict[str, Any]] = []
        self._error = error

    def update_item(self, **arguments: Any) -> None:
        self.calls.append(arguments)
        if self._error:
            raise self._error


def refused(item: Mapping[str, Any] | None) -> ClientError:
    response: Any = {"Error": {"Code": "ConditionalCheckFailedException"}, **({"Item": item} if item else {})}
    return ClientError(response, "UpdateItem")


def records(table: Table) -> DynamoDbAlertRecords:
    return DynamoDbAlertRecords(lambda: cast(Any, table), "transactions")


@pytest.mark.parametrize(
    ("item", "meaning"),
    [
        (None, TransactionGoneError),
        ({"transaction_id": {"S": "tx-1"}, "alerted_at": {"N": "1"}}, AlertedBeforeError),
        ({"transaction_id": {"S": "tx-1"}, "alert_claim": {"S": "m-2"}}, ClaimedError),
    ],
)
def test_refused_claim_says_why(item: Mapping[str, Any] | None, meaning: type[Exception]) -> None:
    with pytest.raises(meaning):
        records(Table(refused(item))).claim(suspicious(), "m-1", NOW)


def test_other_errors_of_a_claim_are_raised() -> None:
    with pytest.raises(ClientError):
        records(Table(client_error("AccessDeniedException"))).claim(suspicious(), "m-1", NOW)


def test_claim_outlives_any_invocation() -> None:
    table = Table()
    records(table).claim(suspicious(), "m-1", NOW)
    values = table.calls[0]["ExpressionAttributeValues"]
    assert int(values[":until"]["N"]) - int(values[":now"]["N"]) >= 60_000


def test_record_keeps_when_and_under_which_id_the_topic_accepted_the_alert() -> None:
    table = Table()
    records(table).record(suspicious(), "publication", NOW)
    [call] = table.calls
    assert call["ExpressionAttributeValues"] == {":now": {"N": str(NOW)}, ":id": {"S": "publication"}}
    assert call["Key"] == {"transaction_id": {"S": "tx-1"}, "timestamp": {"N": str(NOW)}}
