import io
import json
from typing import Any

import pytest

from functions.common.dynamodb.client import StoreBusyError
from functions.common.runtime.telemetry import Telemetry
from functions.labels.label import Label
from functions.labels.labels import LabelsApi
from functions.labels.store import Outcome, UnknownTransactionError
from tests.unit.functions.builders import NOW, request
from tests.unit.functions.fakes import client_error

YESTERDAY = NOW - 86_400_000


class Store:
    """Keeps labels; `error` is raised instead, if there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.labels: dict[str, Label] = {}
        self._error = error

    def put(self, label: Label, now_ms: int) -> Outcome:
        if self._error:
            raise self._error
        before = self.labels.get(label.transaction_id)
        self.labels[label.transaction_id] = label
        if before is None:
            return Outcome.STORED
        return Outcome.UNCHANGED if before.label == label.label else Outcome.CHANGED


class Api:
    """The API on a store of its own; `log` is what it wrote."""

    def __init__(self, error: Exception | None = None) -> None:
        self.store = Store(error)
        self.log = io.StringIO()
        self._api = LabelsApi(self.store, Telemetry("labels", self.log), lambda: NOW)

    def post(self, **changes: Any) -> tuple[int, dict[str, Any]]:
        body = {"transaction_id": "tx-1", "timestamp": YESTERDAY, "label": "fraud"} | changes
        answer = self._api.answer(request({name: value for name, value in body.items() if value != "-"}))
        return answer["statusCode"], json.loads(answer["body"])

    def refused(self, **changes: Any) -> set[str]:
        """The fields at fault."""
        status, body = self.post(**changes)
        assert status == 400
        assert body["type"] == "urn:fraud-pipeline:problem:invalid-label"
        return {error["field"] for error in body["errors"]}


def test_label_is_stored() -> None:
    assert Api().post(source="chargeback", reported_at=NOW) == (
        201,
        {"transaction_id": "tx-1", "timestamp": YESTERDAY, "label": "fraud", "status": "stored"},
    )


def test_label_again_and_another_one_say_so() -> None:
    api = Api()
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
        ({"transaction_id": "-", "timestamp": "-"}, {"transaction_id", "timestamp"}),
        ({"timestamp": 0}, {"timestamp"}),
        ({"timestamp": NOW + 600_000}, {"timestamp"}),
        ({"reported_at": NOW + 600_000}, {"reported_at"}),
        ({"reported_at": YESTERDAY - 1}, {"reported_at"}),
        ({"reported_at": "yesterday"}, {"reported_at"}),
        ({"source": "a\nb"}, {"source"}),
        ({"amount": 1}, {"amount"}),
    ],
)
def test_fields_at_fault_are_named(changes: dict[str, object], fields: set[str]) -> None:
    assert Api().refused(**changes) == fields


def test_unknown_transaction_is_not_found() -> None:
    status, body = Api(UnknownTransactionError()).post()
    assert (status, body["type"]) == (404, "urn:fraud-pipeline:problem:unknown-transaction")


def test_busy_store_is_told_apart_from_a_fault_of_ours() -> None:
    assert Api(StoreBusyError()).post()[0] == 503
    assert Api(client_error("AccessDeniedException")).post()[0] == 503
    assert Api(ValueError("about account-1")).post()[0] == 500


def test_log_says_what_became_of_a_label_and_quotes_no_source() -> None:
    api = Api()
    api.post(source="call with Jane Doe")
    assert "label stored" in api.log.getvalue()
    assert "Jane" not in api.log.getvalue()
