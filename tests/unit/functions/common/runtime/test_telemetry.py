import io
import json
from typing import Any

import pytest

from functions.common.dynamodb.client import StoreBusyError
from functions.common.runtime.telemetry import InvocationFailedError, Telemetry
from tests.unit.functions.fakes import client_error


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_log_line_is_json_with_the_transaction_as_correlation_id() -> None:
    telemetry = Telemetry("api", stream := io.StringIO())
    telemetry.set_transaction("tx-1")
    telemetry.info("transaction stored", status=201)
    telemetry.flush()
    [line] = _lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "INFO",
        "service": "api",
        "message": "transaction stored",
        "correlation_id": "tx-1",
        "status": 201,
    }


def test_flush_clears_the_correlation_id() -> None:
    telemetry = Telemetry("api", stream := io.StringIO())
    telemetry.set_transaction("tx-1")
    telemetry.flush()
    telemetry.info("request refused")
    telemetry.flush()
    assert "correlation_id" not in _lines(stream)[-1]


def test_metrics_are_one_line_in_the_embedded_metric_format() -> None:
    telemetry = Telemetry("notify", stream := io.StringIO())
    telemetry.count("AlertsPublished")
    telemetry.count("AlertsPublished")
    telemetry.record_duration("PostToAlert", 42)
    telemetry.flush()
    telemetry.flush()
    [line] = _lines(stream)
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "FraudPipeline"
    assert directive["Dimensions"] == [["service"]]
    assert directive["Metrics"] == [
        {"Name": "AlertsPublished", "Unit": "Count"},
        {"Name": "PostToAlert", "Unit": "Milliseconds"},
    ]
    assert (line["service"], line["AlertsPublished"], line["PostToAlert"]) == ("notify", [1, 1], 42)
    assert isinstance(line["_aws"]["Timestamp"], int)


def test_message_of_an_invocation_and_its_metrics_are_one_line() -> None:
    telemetry = Telemetry("fraud", stream := io.StringIO())
    with telemetry.invocation():
        telemetry.set_transaction("tx-1")
        telemetry.count("TransactionsScored")
        telemetry.info("transaction scored", score=0.5)
    [line] = _lines(stream)
    assert (line["level"], line["message"], line["correlation_id"]) == ("INFO", "transaction scored", "tx-1")
    assert (line["service"], line["score"], line["TransactionsScored"]) == ("fraud", 0.5, 1)
    assert line["_aws"]["CloudWatchMetrics"]


def test_each_transaction_of_a_batch_has_a_line_and_the_last_one_has_the_metrics() -> None:
    telemetry = Telemetry("fraud", stream := io.StringIO())
    with telemetry.invocation():
        for name in ("tx-1", "tx-2"):
            telemetry.set_transaction(name)
            telemetry.count("TransactionsScored")
            telemetry.info("transaction scored")
    first, second = _lines(stream)
    assert (first["correlation_id"], second["correlation_id"]) == ("tx-1", "tx-2")
    assert "_aws" not in first
    assert second["TransactionsScored"] == [1, 1]


def test_error_is_written_at_once_after_the_messages_before_it() -> None:
    telemetry = Telemetry("notify", stream := io.StringIO())
    telemetry.info("alert published")
    telemetry.count("AlertsFailed")
    telemetry.error("alert failed", ValueError())
    assert [line["message"] for line in _lines(stream)] == ["alert published", "alert failed"]
    telemetry.flush()
    assert _lines(stream)[-1]["AlertsFailed"] == 1


def test_every_line_has_the_level_and_time_that_lambda_filters_by() -> None:
    telemetry = Telemetry("api", stream := io.StringIO())
    telemetry.count("RequestsFailed")
    telemetry.error("request failed", ValueError())
    telemetry.flush()
    levels = [(line["level"], "timestamp" in line) for line in _lines(stream)]
    assert levels == [("ERROR", True), ("INFO", True)]


def test_negative_duration_is_recorded_as_zero() -> None:
    telemetry = Telemetry("notify", stream := io.StringIO())
    telemetry.record_duration("PostToAlert", -3)
    telemetry.flush()
    assert _lines(stream)[0]["PostToAlert"] == 0


def test_error_is_logged_without_its_text() -> None:
    telemetry = Telemetry("api", stream := io.StringIO())
    telemetry.error("request failed", client_error("AccessDeniedException"))
    [line] = _lines(stream)
    assert (line["level"], line["error"], line["code"]) == ("ERROR", "ClientError", "AccessDeniedException")
    assert "account" not in stream.getvalue()


def test_logged_error_has_the_line_that_raised_it() -> None:
    telemetry = Telemetry("api", stream := io.StringIO())
    with pytest.raises(ValueError, match="account") as raised:
        int("account-123456789")
    telemetry.error("request failed", raised.value)
    assert _lines(stream)[0]["traceback"][-1].startswith("functions/common/runtime/test_telemetry.py:")
    assert "account" not in stream.getvalue()


def test_error_of_an_invocation_is_logged_with_its_transaction_and_raised_without_data() -> None:
    telemetry = Telemetry("fraud", stream := io.StringIO())
    telemetry.set_transaction("tx-1")
    with pytest.raises(InvocationFailedError) as raised, telemetry.invocation():
        raise client_error("ThrottlingException")
    [line] = _lines(stream)
    assert (line["level"], line["correlation_id"], line["code"]) == ("ERROR", "tx-1", "ThrottlingException")
    assert line["traceback"]
    assert str(raised.value) == "ClientError (ThrottlingException)"
    assert raised.value.__suppress_context__
    assert "account" not in stream.getvalue() + str(raised.value)


def test_logged_error_has_the_code_of_its_cause() -> None:
    telemetry = Telemetry("fraud", stream := io.StringIO())
    busy = StoreBusyError()
    busy.__cause__ = client_error("ThrottlingException")
    telemetry.error("x", busy)
    [line] = _lines(stream)
    assert (line["error"], line["cause"], line["code"]) == (
        "StoreBusyError",
        "ClientError",
        "ThrottlingException",
    )


def test_metrics_of_a_failed_invocation_are_written() -> None:
    telemetry = Telemetry("fraud", stream := io.StringIO())
    telemetry.count("DecidedLate", 0)
    with pytest.raises(InvocationFailedError), telemetry.invocation():
        raise ValueError
    assert _lines(stream)[-1]["DecidedLate"] == 0


@pytest.mark.parametrize(
    ("header", "trace_id"),
    [
        ("Root=1-abc-def;Parent=1;Sampled=1", "1-abc-def"),
        ("Root=1-abc-def;Parent=1;Sampled=1;Lineage=1:2:0", "1-abc-def"),
        ("Root=1-abc-def;Parent=1;Sampled=0", None),
        ("", None),
    ],
)
def test_log_lines_have_the_id_of_a_sampled_trace(
    monkeypatch: pytest.MonkeyPatch, header: str, trace_id: str | None
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", header)
    telemetry = Telemetry("api", stream := io.StringIO())
    telemetry.info("x")
    telemetry.flush()
    assert _lines(stream)[0].get("xray_trace_id") == trace_id
