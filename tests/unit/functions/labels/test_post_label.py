import io
import json
from typing import Any

import pytest

from functions.common.domain.time_buckets import DAY_MS
from functions.common.dynamodb.client import StoreBusyError, TransactionNotFoundError
from functions.common.runtime.telemetry import Telemetry
from functions.labels.label import Label
from functions.labels.label_store import LabelStore, LabelWriteResult
from functions.labels.post_label import create_endpoint
from tests.unit.functions.builders import NOW, request
from tests.unit.functions.fakes import client_error

YESTERDAY = NOW - DAY_MS


class FakeLabelStore(LabelStore):
    """Stores labels by transaction ID. All transactions have the timestamp YESTERDAY.

    With `error`, each call raises it.
    """

    def __init__(self, error: Exception | None = None) -> None:
        self._labels: dict[str, Label] = {}
        self._error = error

    def find_timestamp(self, transaction_id: str) -> int:
        if self._error:
            raise self._error
        return YESTERDAY

    def put(self, label: Label, timestamp: int, now_ms: int) -> LabelWriteResult:
        if self._error:
            raise self._error
        previous = self._labels.get(label.transaction_id)
        self._labels[label.transaction_id] = label
        if previous is None:
            return LabelWriteResult.STORED
        return LabelWriteResult.UNCHANGED if previous.label == label.label else LabelWriteResult.CHANGED


class ApiFixture:
    """An endpoint with its own store and log."""

    def __init__(self, error: Exception | None = None) -> None:
        self.log = io.StringIO()
        self.telemetry = Telemetry("labels", self.log)
        self._endpoint = create_endpoint(FakeLabelStore(error), self.telemetry, lambda: NOW)

    def post(self, **changes: Any) -> tuple[int, dict[str, Any]]:
        body = {"transaction_id": "tx-1", "timestamp": YESTERDAY, "label": "fraud"} | changes
        sent = {name: value for name, value in body.items() if value != "-"}
        response = self._endpoint.respond(request(sent))
        return response["statusCode"], json.loads(response["body"])

    def find_invalid_fields(self, **changes: Any) -> set[str]:
        status, body = self.post(**changes)
        assert status == 400
        assert body["type"] == "urn:fraud-pipeline:problem:invalid-label"
        return {error["field"] for error in body["errors"]}


def test_label_is_stored() -> None:
    assert ApiFixture().post(source="chargeback", reported_at=NOW) == (
        201,
        {"transaction_id": "tx-1", "timestamp": YESTERDAY, "label": "fraud", "status": "stored"},
    )


def test_label_without_a_timestamp_is_stored_by_the_id() -> None:
    assert ApiFixture().post(timestamp="-") == (
        201,
        {"transaction_id": "tx-1", "timestamp": YESTERDAY, "label": "fraud", "status": "stored"},
    )


def test_repeated_label_is_unchanged_and_a_different_label_is_changed() -> None:
    api = ApiFixture()
    api.post()
    assert api.post()[1]["status"] == "unchanged"
    assert api.post(label="genuine") == (
        200,
        {"transaction_id": "tx-1", "timestamp": YESTERDAY, "label": "genuine", "status": "changed"},
    )


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"label": "maybe"}, {"label"}),
        ({"label": None}, {"label"}),
        ({"transaction_id": "-", "label": "-"}, {"transaction_id", "label"}),
        ({"timestamp": 0}, {"timestamp"}),
        ({"timestamp": NOW + 600_000}, {"timestamp"}),
        ({"reported_at": NOW + 600_000}, {"reported_at"}),
        ({"reported_at": YESTERDAY - 1}, {"reported_at"}),
        ({"reported_at": YESTERDAY - 1, "timestamp": None}, {"reported_at"}),
        ({"reported_at": "yesterday"}, {"reported_at"}),
        ({"reported_at": NOW // 1000}, {"reported_at"}),
        ({"timestamp": YESTERDAY * 1000}, {"timestamp"}),
        ({"timestamp": str(YESTERDAY), "reported_at": NOW / 1000}, {"timestamp", "reported_at"}),
        ({"source": "a\nb"}, {"source"}),
        ({"amount": 1}, {"amount"}),
    ],
)
def test_response_names_every_invalid_field(changes: dict[str, object], fields: set[str]) -> None:
    assert ApiFixture().find_invalid_fields(**changes) == fields


def test_unknown_transaction_is_not_found() -> None:
    for timestamp in (YESTERDAY, "-"):
        status, body = ApiFixture(TransactionNotFoundError()).post(timestamp=timestamp)
        assert (status, body["type"]) == (404, "urn:fraud-pipeline:problem:unknown-transaction")


def test_errors_of_the_store_have_their_own_status() -> None:
    assert ApiFixture(StoreBusyError()).post()[0] == 503
    assert ApiFixture(client_error("AccessDeniedException")).post()[0] == 503
    assert ApiFixture(ValueError("about account-1")).post()[0] == 500


def test_log_has_the_result_and_not_the_source() -> None:
    api = ApiFixture()
    api.post(source="call with Jane Doe")
    api.telemetry.flush()
    assert "label stored" in api.log.getvalue()
    assert "Jane" not in api.log.getvalue()
