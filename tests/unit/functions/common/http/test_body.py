import base64
import json
from typing import Any

import pytest

from functions.common.http.body import MAX_BODY_BYTES, read_body
from functions.common.http.problem import ProblemError
from tests.unit.functions.builders import posted, request


def _read_error_status(event: dict[str, Any]) -> int:
    with pytest.raises(ProblemError) as raised:
        read_body(event)
    return raised.value.problem.status


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {"content-type": "application/json"},
        {"CONTENT-TYPE": "Application/JSON; charset=UTF-8"},
        {"X": "1", "Content-Type": 'application/json;charset="utf-8"'},
    ],
)
def test_json_is_accepted_with_any_notation_of_its_header(headers: dict[str, str]) -> None:
    assert read_body(request(headers=headers)) == json.dumps(posted())


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},
        {"Content-Type": ""},
        {"Content-Type": None},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "application/problem+json"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ],
)
def test_other_content_is_415(headers: dict[str, str] | None) -> None:
    assert _read_error_status(request(headers=headers)) == 415


def test_base64_body_is_decoded() -> None:
    body = base64.b64encode("{é}".encode()).decode()
    assert read_body(request(body, isBase64Encoded=True)) == "{é}"


@pytest.mark.parametrize("body", ["%%%", "abc", base64.b64encode(b"\xff\xfe{").decode(), "é"])
def test_base64_body_that_is_not_text_is_400(body: str) -> None:
    assert _read_error_status(request(body, isBase64Encoded=True)) == 400


def test_missing_body_is_empty() -> None:
    assert read_body(request() | {"body": None}) == ""


def test_size_limit_is_in_bytes() -> None:
    assert read_body(request("é" * (MAX_BODY_BYTES // 2)))
    assert _read_error_status(request("é" * (MAX_BODY_BYTES // 2) + "e")) == 413


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 6_000_000])
def test_large_base64_body_is_413(size: int) -> None:
    assert _read_error_status(request(base64.b64encode(b"a" * size).decode(), isBase64Encoded=True)) == 413


def test_largest_base64_body_is_accepted() -> None:
    body = base64.b64encode(b"a" * MAX_BODY_BYTES).decode()
    assert len(read_body(request(body, isBase64Encoded=True))) == MAX_BODY_BYTES
