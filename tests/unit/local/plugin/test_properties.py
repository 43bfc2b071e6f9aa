"""Comparison and validation of properties."""

import json

import pytest

from local.plugin.properties import Property, from_api, property_problems, same_value, to_api
from local.plugin.values import UNKNOWN

BLOCK = Property(
    fields={"must": Property(required=True), "may": Property(2), "chosen": Property(computed=True)}
)


@pytest.mark.parametrize(
    ("declared", "old", "new"),
    [
        (Property(30), None, 30),
        (Property(), "", None),
        (Property(), [], None),
        (Property(unordered=True), ["b", "a"], ["a", "b"]),
        (Property(document="json"), '{"a": 1, "b": 2}', '{"b":2,"a":1}'),
        (BLOCK, {"must": 1}, {"must": 1, "may": 2}),
        (BLOCK, {"must": 1, "chosen": "by AWS"}, {"must": 1}),
        (
            Property(unordered=True, fields=BLOCK.fields),
            [{"must": 1}, {"must": 0}],
            [{"must": 0}, {"must": 1}],
        ),
        (Property(fields={"ids": Property(), "on": Property(False)}), {"ids": [], "on": False}, None),
    ],
)
def test_equivalent_values_are_the_same(declared: Property, old: object, new: object) -> None:
    assert same_value(declared, old, new)
    assert same_value(declared, new, old)


@pytest.mark.parametrize(
    ("declared", "old", "new"),
    [
        (Property(30), None, 31),
        (Property(), ["b", "a"], ["a", "b"]),
        (Property(document="json"), '{"a": [1, 2]}', '{"a": [2, 1]}'),
        (BLOCK, {"must": 1, "may": 3}, {"must": 1}),
        (BLOCK, {"must": 1, "chosen": "x"}, {"must": 1, "chosen": "y"}),
        (Property(), UNKNOWN, UNKNOWN),
        (Property(True), False, None),
    ],
)
def test_different_values_are_not_the_same(declared: Property, old: object, new: object) -> None:
    assert not same_value(declared, old, new)


def test_text_that_is_not_json_is_compared_as_text() -> None:
    assert same_value(Property(document="json"), "<$.body>", "<$.body>")
    assert not same_value(Property(document="json"), "<$.body>", "<$.other>")


def test_undeclared_property_is_rejected_by_name() -> None:
    problems = dict(property_problems({"size": Property()}, {"size": 1, "sise": 2}))
    assert list(problems) == ["sise"]


def test_undeclared_field_of_a_block_is_rejected_with_its_path() -> None:
    problems = property_problems({"blocks": BLOCK}, {"blocks": [{"must": 1}, {"must": 1, "mustnt": 2}]})
    assert [path for path, _ in problems] == ["blocks[1].mustnt"]


def test_missing_required_property_and_field_are_rejected() -> None:
    problems = property_problems({"name": Property(required=True), "block": BLOCK}, {"block": {}})
    assert dict(problems) == {"name": "is required", "block.must": "is required"}


def test_value_that_is_not_allowed_is_rejected() -> None:
    declared = {"fifo": Property(False, only=(False,))}
    assert not list(property_problems(declared, {"fifo": False}))
    assert list(dict(property_problems(declared, {"fifo": True}))) == ["fifo"]


def test_unknown_value_of_a_preview_passes_every_check() -> None:
    declared = {"fifo": Property(only=(False,)), "block": BLOCK, "list": Property(unordered=True)}
    assert not list(property_problems(declared, {"fifo": UNKNOWN, "block": UNKNOWN, "list": [UNKNOWN]}))


def test_block_is_converted_to_the_api_and_back() -> None:
    fields = {"inner": Property(fields={"keyArn": Property(api="KMSKeyArn")}), "size": Property(3)}
    sent = to_api(fields, {"inner": {"keyArn": "k"}})
    assert sent == {"Inner": {"KMSKeyArn": "k"}, "Size": 3}
    assert from_api(fields, json.loads(json.dumps(sent))) == {"inner": {"keyArn": "k"}, "size": 3}
