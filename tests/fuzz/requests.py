"""Requests that hypothesis generates: valid, nearly valid and hostile ones."""

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.values import BROKEN, CARDS, MARKER, NAMES, UNUSUAL, VALID, VALID_LABEL, WRONG

_MAX_ENTRIES = 27

_texts = st.text(max_size=20).map(lambda text: json.dumps(MARKER + text, ensure_ascii="a" in text))
_numbers = st.one_of(st.integers(), st.floats(), st.decimals()).map(str)
# `sampled_from` weights its values by their number.
_values = st.one_of(
    st.sampled_from(UNUSUAL),
    st.sampled_from((*UNUSUAL, *CARDS)),
    st.sampled_from((*WRONG, *CARDS)),
    _texts,
    _numbers,
)
_changes = st.sampled_from(("value",) * 20 + ("unknown",) * 4 + ("repeated", "missing", "broken"))
_numbers_of_changes = st.sampled_from((0, 1, 1, 1, 1, 2, 3))


@st.composite
def objects(draw: st.DrawFn, valid: dict[str, tuple[str, ...]] = VALID) -> str:
    """A JSON object with up to three changed, missing, repeated or unknown fields."""
    number = draw(st.integers(0, 10**6))
    members = [
        (name, values[number // (position + 1) % len(values)])
        for position, (name, values) in enumerate(valid.items())
    ]
    for _ in range(draw(_numbers_of_changes)):
        position = draw(st.sampled_from(range(len(members))))
        name, value = members[position]
        match draw(_changes):
            case "value":
                members[position] = name, draw(_values)
            case "unknown":
                members.append((draw(st.sampled_from(NAMES)), draw(_values)))
            case "repeated":
                members.append((name, value))
            case "missing":
                del members[position]
            case "broken":
                members[position] = name, draw(st.sampled_from(BROKEN))
    return "{" + ", ".join(f'"{name}": {value}' for name, value in members) + "}"


labels = objects(VALID_LABEL)
_repetitions = st.sampled_from((1,) * 12 + (_MAX_ENTRIES // 2,))
_fields = st.sampled_from(("transactions",) * 16 + ("transaction", 'transactions": 1, "transactions'))
_entries = st.lists(objects(), min_size=1, max_size=3)
_odd_entries = st.lists(st.one_of(objects(), _values), max_size=3)


@st.composite
def batches(draw: st.DrawFn) -> str:
    """A batch of up to 39 objects, or of something else."""
    is_odd = draw(st.sampled_from((False,) * 8 + (True,)))
    entries = draw(_odd_entries if is_odd else _entries) * draw(_repetitions)
    return f'{{"{draw(_fields)}": [{", ".join(entries)}]}}'


_BODIES: tuple[Callable[[str], str], ...] = (
    lambda text: text[: len(text) // 2],
    lambda text: f"\r\n\t {text} \n",
    lambda text: "\ufeff" + text,
    lambda text: text + text,
    lambda text: f"[{text}]",
    json.dumps,
    lambda text: text + " " * 70_000,
    lambda text: text.replace('"', "'"),
    lambda _: "",
    lambda _: "[" * 30_000,
    lambda _: '{"a":' * 3_000,
)
_bodies = st.sampled_from((None,) * 80 + _BODIES)

_CONTENT_TYPES = (
    *("application/json",) * 90, "application/json; charset=utf-8", "Application/JSON;charset=US-ASCII",
    "application/json; charset=utf-16", "application/json;charset=", "application/json; charset*=utf-8''x",
    "", "text/plain", "application/problem+json", "application/json\r\nX: 1", ";", "é",
    '"application/json"', None, "multipart/form-data; boundary=x",
)  # fmt: skip
_content_types = st.sampled_from(_CONTENT_TYPES)
_headers = st.sampled_from(("Content-Type",) * 60 + ("content-type", "CONTENT-TYPE", "Content-Typ"))


def _encode(text: str, encoding: str) -> str:
    return base64.b64encode(text.encode(encoding, "replace")).decode()


_FORMS: tuple[Callable[[str], dict[str, Any]], ...] = (
    lambda _: {"headers": None},
    lambda _: {"body": None},
    lambda _: {"isBase64Encoded": True},
    lambda text: {"isBase64Encoded": True, "body": _encode(text, "utf-8")},
    lambda text: {"isBase64Encoded": True, "body": _encode(text, "utf-16")},
    lambda text: {"isBase64Encoded": True, "body": _encode(text, "utf-8-sig")},
    lambda text: {"isBase64Encoded": True, "body": _encode(text, "latin-1")},
    lambda text: {"isBase64Encoded": True, "body": _encode(text, "utf-8")[:-1]},
    lambda text: {"isBase64Encoded": True, "body": _compress(text)},
)
_forms = st.sampled_from((None,) * 80 + _FORMS)


def _compress(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), mtime=0)).decode()


@st.composite
def events(draw: st.DrawFn, resource: str, objects_of_route: st.SearchStrategy[str]) -> dict[str, Any]:
    """An event of API Gateway's proxy integration for a route."""
    body = draw(objects_of_route)
    if change := draw(_bodies):
        body = change(body)
    event: dict[str, Any] = {
        "resource": resource,
        "headers": {draw(_headers): draw(_content_types)},
        "body": body,
        "isBase64Encoded": False,
    }
    form = draw(_forms)
    return event | (form(body) if form else {})
