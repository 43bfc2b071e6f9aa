"""Log lines: read once, in order of time, from pages, and formatted."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from botocore.exceptions import ClientError

from operations.monitoring.log_tail import MAX_DELAY_MS, LogLine, LogTail, show_logs
from terminal.errors import UserError

NOW_MS = 1_700_000_000_000
FUNCTIONS = {"api": "fraud-api", "fraud": "fraud-fraud"}


def event(at_ms: int, message: str = "hello", **more: str) -> dict[str, Any]:
    return {"timestamp": NOW_MS + at_ms, "message": message, "logStreamName": "s", **more}


class GroupMissingError(Exception):
    """The client's error for a missing log group."""


@dataclass
class FakeLogs:
    """CloudWatch Logs with `events` by group, in pages of `page_size` or in one page."""

    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    page_size: int = 0
    asked_from: list[int] = field(default_factory=list)

    class exceptions:  # noqa: N801
        ResourceNotFoundException: ClassVar = GroupMissingError

    def filter_log_events(self, **request: Any) -> dict[str, Any]:
        if request["logGroupName"] not in self.events:
            raise GroupMissingError
        start = int(request.get("nextToken", 0))
        self.asked_from.append(request["startTime"])
        events = [
            line for line in self.events[request["logGroupName"]] if line["timestamp"] >= request["startTime"]
        ]
        end = start + (self.page_size or len(events))
        return {"events": events[start:end], **({"nextToken": str(end)} if end < len(events) else {})}


def tail(groups: FakeLogs, names: Sequence[str] = ("g",), start_ms: int = 0) -> LogTail:
    return LogTail(groups, {name: name for name in names}, start_ms)  # type: ignore[arg-type]


def messages(lines: LogTail) -> list[str]:
    return [line.message for line in lines.read()]


def test_all_pages_are_read() -> None:
    groups = FakeLogs({"g": [event(ms, str(ms)) for ms in range(7)]}, page_size=2)
    assert messages(tail(groups)) == list("0123456")


def test_lines_of_several_functions_are_merged_in_order_of_time() -> None:
    groups = FakeLogs({"a": [event(1, "1"), event(3, "3")], "b": [event(2, "2"), event(4, "4")]})
    assert messages(tail(groups, ("a", "b"))) == ["1", "2", "3", "4"]


def test_line_that_is_read_again_is_returned_once() -> None:
    groups = FakeLogs({"g": [event(1, "one")]})
    lines = tail(groups)
    assert messages(lines) == ["one"]
    groups.events["g"].append(event(1, "two"))
    assert messages(lines) == ["two"]
    assert messages(lines) == []


def test_equal_lines_with_different_ids_are_all_returned() -> None:
    groups = FakeLogs({"g": [event(1, eventId="a"), event(1, eventId="b")]})
    assert messages(tail(groups)) == ["hello", "hello"]


def test_delayed_line_is_returned() -> None:
    groups = FakeLogs({"g": [event(MAX_DELAY_MS, "later")]})
    lines = tail(groups)
    messages(lines)
    groups.events["g"].insert(0, event(1, "late"))
    assert messages(lines) == ["late"]


def test_old_lines_are_not_requested_again() -> None:
    groups = FakeLogs({"g": [event(0), event(10 * MAX_DELAY_MS, "now")]})
    lines = tail(groups)
    messages(lines)
    messages(lines)
    assert groups.asked_from == [0, NOW_MS + 9 * MAX_DELAY_MS]


def test_missing_log_group_is_a_user_error() -> None:
    with pytest.raises(UserError) as raised:
        messages(tail(FakeLogs()))
    assert "g" in raised.value.message.split()
    assert "invoke deploy" in raised.value.hint


def test_aws_error_becomes_a_user_error() -> None:
    class Refusing(FakeLogs):
        def filter_log_events(self, **_: Any) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "Expired", "Message": "Token expired"}}, "FilterLogEvents")

    with pytest.raises(UserError) as raised:
        show_logs(Refusing(), FUNCTIONS)  # type: ignore[arg-type]
    assert "FilterLogEvents" in raised.value.message


def test_function_is_selected_by_its_short_name(capsys: pytest.CaptureFixture[str]) -> None:
    groups = FakeLogs({"/aws/lambda/fraud-fraud": [event(0, '{"level": "INFO", "message": "scored"}')]})
    show_logs(groups, FUNCTIONS, function="fraud", since="9999d", as_json=True)  # type: ignore[arg-type]
    output = json.loads(capsys.readouterr().out)
    assert output == {
        "function": "fraud",
        "timestamp_ms": NOW_MS,
        "message": {"level": "INFO", "message": "scored"},
    }


def test_unknown_function_is_refused_with_the_deployed_ones() -> None:
    with pytest.raises(UserError) as raised:
        show_logs(FakeLogs(), FUNCTIONS, function="froud")  # type: ignore[arg-type]
    assert raised.value.message.startswith("--function: 'froud'")
    assert "api, fraud" in raised.value.hint


@pytest.mark.parametrize("since", ["", "10", "m", "-1m", "1.5h", "1y"])
def test_invalid_duration_is_refused(since: str) -> None:
    with pytest.raises(UserError) as raised:
        show_logs(FakeLogs(), FUNCTIONS, since=since)  # type: ignore[arg-type]
    assert raised.value.message.startswith("--since")


def test_following_reads_again_until_ctrl_c(capsys: pytest.CaptureFixture[str]) -> None:
    groups = FakeLogs({"/aws/lambda/fraud-api": [event(0, "first")]})

    def wait(_: float) -> None:
        if len(groups.events["/aws/lambda/fraud-api"]) == 2:
            raise KeyboardInterrupt
        groups.events["/aws/lambda/fraud-api"].append(event(1, "second"))

    assert show_logs(groups, FUNCTIONS, function="api", since="9999d", follow=True, wait=wait) == 0  # type: ignore[arg-type]
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("first")
    assert second.endswith("second")


def text(message: str) -> str | None:
    output = LogLine("fraud", NOW_MS, message).as_text()
    return output.plain if output is not None else None


def test_line_has_level_message_correlation_id_and_further_fields() -> None:
    content = {
        "level": "INFO",
        "location": "handle:12",
        "message": "suspicious",
        "timestamp": "2023-11-14",
        "service": "fraud",
        "correlation_id": "t1",
        "score": 0.9,
    }
    output = text(json.dumps(content))
    assert output is not None
    assert output.endswith("fraud   INFO     suspicious  t1  score=0.9")


def test_exception_keeps_its_line_breaks() -> None:
    output = text('{"level": "ERROR", "message": "failed", "exception": "Traceback\\n  line 1"}')
    assert output is not None
    assert output.endswith("failed\n  Traceback\n    line 1")


def test_failure_is_shown_with_level_transaction_id_and_traceback() -> None:
    line = {
        "level": "ERROR",
        "message": "invocation failed",
        "correlation_id": "tx-1",
        "error": "ClientError",
        "traceback": [
            "functions/fraud/handler.py:80 in handle",
            "functions/common/dynamodb/client.py:70 in write_all",
        ],
    }
    output = text(json.dumps(line))
    assert output is not None
    first, *frames = output.splitlines()
    assert all(part in first for part in ("ERROR", "tx-1", "ClientError"))
    assert [frame.strip() for frame in frames] == line["traceback"]


def test_line_without_json_is_shown_unchanged() -> None:
    output = text("Task timed out after 3.00 seconds\n")
    assert output is not None
    assert output.endswith("fraud   Task timed out after 3.00 seconds")


def test_message_with_metrics_is_shown_without_them() -> None:
    metrics = [
        {"Namespace": "N", "Dimensions": [["service"]], "Metrics": [{"Name": "Scored", "Unit": "Count"}]}
    ]
    line = {
        "level": "INFO",
        "service": "fraud",
        "message": "transaction scored",
        "score": 0.5,
        "_aws": {"Timestamp": 1, "CloudWatchMetrics": metrics},
        "Scored": 1,
    }
    output = text(json.dumps(line))
    assert output is not None
    assert output.endswith("transaction scored  score=0.5")


@pytest.mark.parametrize(
    "message",
    [
        "START RequestId: 1 Version: $LATEST",
        "END RequestId: 1",
        "REPORT RequestId: 1\tDuration: 2 ms",
        '{"level": "INFO", "service": "fraud", "_aws": {"Timestamp": 1}, "Scored": 1}',
        '{"time": "2023", "type": "platform.report", "record": {}}',
    ],
)
def test_platform_lines_are_shown_as_json_only(message: str) -> None:
    assert text(message) is None
    assert json.loads(LogLine("fraud", NOW_MS, message).as_json())["message"]
