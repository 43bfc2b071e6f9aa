"""Reading logs: each line once, in order, from pages; and what is shown of a line."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from botocore.exceptions import ClientError

from operations.monitoring.log_tail import LATE_MS, LogLine, Tail, logs
from terminal.errors import UserError

NOW_MS = 1_700_000_000_000
FUNCTIONS = {"api": "fraud-api", "fraud": "fraud-fraud"}


def event(at_ms: int, message: str = "hello", **more: str) -> dict[str, Any]:
    return {"timestamp": NOW_MS + at_ms, "message": message, "logStreamName": "s", **more}


class GroupMissingError(Exception):
    """What the client raises for a group that does not exist."""


@dataclass
class Groups:
    """CloudWatch Logs with `events` by group; pages of `page_size` if it is given."""

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
        found = [
            each for each in self.events[request["logGroupName"]] if each["timestamp"] >= request["startTime"]
        ]
        end = start + (self.page_size or len(found))
        return {"events": found[start:end], **({"nextToken": str(end)} if end < len(found) else {})}


def tail(groups: Groups, names: Sequence[str] = ("g",), start_ms: int = 0) -> Tail:
    return Tail(groups, {name: name for name in names}, start_ms)  # type: ignore[arg-type]


def messages(lines: Tail) -> list[str]:
    return [line.message for line in lines.read()]


def test_all_pages_are_read() -> None:
    groups = Groups({"g": [event(ms, str(ms)) for ms in range(7)]}, page_size=2)
    assert messages(tail(groups)) == list("0123456")


def test_lines_of_several_functions_are_in_the_order_of_their_time() -> None:
    groups = Groups({"a": [event(1, "1"), event(3, "3")], "b": [event(2, "2"), event(4, "4")]})
    assert messages(tail(groups, ("a", "b"))) == ["1", "2", "3", "4"]


def test_a_line_is_shown_once_however_often_it_is_asked_for() -> None:
    groups = Groups({"g": [event(1, "one")]})
    lines = tail(groups)
    assert messages(lines) == ["one"]
    groups.events["g"].append(event(1, "two"))
    assert messages(lines) == ["two"]
    assert messages(lines) == []


def test_equal_lines_with_ids_of_their_own_are_all_shown() -> None:
    groups = Groups({"g": [event(1, eventId="a"), event(1, eventId="b")]})
    assert messages(tail(groups)) == ["hello", "hello"]


def test_a_line_that_comes_late_is_not_missed() -> None:
    groups = Groups({"g": [event(LATE_MS, "later")]})
    lines = tail(groups)
    messages(lines)
    groups.events["g"].insert(0, event(1, "late"))
    assert messages(lines) == ["late"]


def test_what_is_long_past_is_not_asked_for_again() -> None:
    groups = Groups({"g": [event(0), event(10 * LATE_MS, "now")]})
    lines = tail(groups)
    messages(lines)
    messages(lines)
    assert groups.asked_from == [0, NOW_MS + 9 * LATE_MS]


def test_a_function_that_is_not_deployed_is_explained() -> None:
    with pytest.raises(UserError, match="no log group g"):
        messages(tail(Groups()))


def test_a_refusal_of_aws_is_one_line() -> None:
    class Refusing(Groups):
        def filter_log_events(self, **_: Any) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "Expired", "Message": "Token expired"}}, "FilterLogEvents")

    with pytest.raises(UserError, match=r"AWS refuses FilterLogEvents: Token expired"):
        logs(Refusing(), FUNCTIONS)  # type: ignore[arg-type]


def test_one_function_is_chosen_by_its_short_name(capsys: pytest.CaptureFixture[str]) -> None:
    groups = Groups({"/aws/lambda/fraud-fraud": [event(0, '{"level": "INFO", "message": "scored"}')]})
    logs(groups, FUNCTIONS, function="fraud", since="9999d", as_json=True)  # type: ignore[arg-type]
    shown = json.loads(capsys.readouterr().out)
    assert shown == {
        "function": "fraud",
        "timestamp_ms": NOW_MS,
        "message": {"level": "INFO", "message": "scored"},
    }


def test_a_wrong_function_lists_the_right_ones() -> None:
    with pytest.raises(UserError, match=r"'froud'.*api, fraud"):
        logs(Groups(), FUNCTIONS, function="froud")  # type: ignore[arg-type]


@pytest.mark.parametrize("since", ["", "10", "m", "-1m", "1.5h", "1y"])
def test_a_wrong_length_of_time_says_what_one_is(since: str) -> None:
    with pytest.raises(UserError, match=r"s, m, h, d or w"):
        logs(Groups(), FUNCTIONS, since=since)  # type: ignore[arg-type]


def test_following_asks_again_until_ctrl_c(capsys: pytest.CaptureFixture[str]) -> None:
    groups = Groups({"/aws/lambda/fraud-api": [event(0, "first")]})

    def wait(_: float) -> None:
        if len(groups.events["/aws/lambda/fraud-api"]) == 2:
            raise KeyboardInterrupt
        groups.events["/aws/lambda/fraud-api"].append(event(1, "second"))

    assert logs(groups, FUNCTIONS, function="api", since="9999d", follow=True, wait=wait) == 0  # type: ignore[arg-type]
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("first")
    assert second.endswith("second")


def text(message: str) -> str | None:
    shown = LogLine("fraud", NOW_MS, message).as_text()
    return shown.plain if shown is not None else None


def test_a_line_has_level_message_correlation_id_and_what_else_was_logged() -> None:
    content = {
        "level": "INFO",
        "location": "handle:12",
        "message": "suspicious",
        "timestamp": "2023-11-14",
        "service": "fraud",
        "correlation_id": "t1",
        "score": 0.9,
    }
    shown = text(json.dumps(content))
    assert shown is not None
    assert shown.endswith("fraud   INFO     suspicious  t1  score=0.9")


def test_an_exception_keeps_its_lines() -> None:
    shown = text('{"level": "ERROR", "message": "failed", "exception": "Traceback\\n  line 1"}')
    assert shown is not None
    assert shown.endswith("failed\n  Traceback\n    line 1")


def test_a_failure_is_shown_with_its_level_transaction_and_traceback() -> None:
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
    shown = text(json.dumps(line))
    assert shown is not None
    first, *frames = shown.splitlines()
    assert all(part in first for part in ("ERROR", "tx-1", "ClientError"))
    assert [frame.strip() for frame in frames] == line["traceback"]


def test_a_line_that_is_no_json_is_shown_as_it_is() -> None:
    shown = text("Task timed out after 3.00 seconds\n")
    assert shown is not None
    assert shown.endswith("fraud   Task timed out after 3.00 seconds")


@pytest.mark.parametrize(
    "message",
    [
        "START RequestId: 1 Version: $LATEST",
        "END RequestId: 1",
        "REPORT RequestId: 1\tDuration: 2 ms",
        '{"_aws": {"Timestamp": 1}, "Scored": 1}',
        '{"time": "2023", "type": "platform.report", "record": {}}',
    ],
)
def test_machinery_is_shown_as_json_only(message: str) -> None:
    assert text(message) is None
    assert json.loads(LogLine("fraud", NOW_MS, message).as_json())["message"]
