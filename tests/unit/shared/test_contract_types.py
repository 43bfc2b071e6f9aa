"""The names of types, their legacy names, and placeholders."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pytest

from shared.contract_types import (
    annotation_type,
    from_legacy_name,
    legacy_name,
    make_placeholder,
    matches_type,
    value_type,
)

# Each type in the names of this release and of the last one.
LEGACY_NAMES = [
    ("string", "text"),
    ("number", "number"),
    ("boolean", "true or false"),
    ("array of string", "list of text"),
    ("array of boolean", "list of true or false"),
    ("object of number", "map of number"),
    ("object of array of string", "map of list of text"),
]


@pytest.mark.parametrize(
    ("annotation", "type_name"),
    [
        (pulumi.Input[str], "string"),
        (pulumi.Input[int], "number"),
        (pulumi.Input[bool], "boolean"),
        (pulumi.Input[Sequence[pulumi.Input[str]]], "array of string"),
        (pulumi.Input[Mapping[str, pulumi.Input[float]]], "object of number"),
        (str | None, "string"),
    ],
)
def test_annotation_has_a_json_schema_type(annotation: Any, type_name: str) -> None:
    assert annotation_type(annotation) == type_name


def test_annotation_without_a_type_is_refused() -> None:
    with pytest.raises(TypeError):
        annotation_type(pulumi.Input[object])


@pytest.mark.parametrize(
    ("value", "type_name"),
    [
        ("a", "string"),
        (7.0, "number"),
        (True, "boolean"),
        ([1], "array of number"),
        ({}, "object of string"),
    ],
)
def test_value_matches_its_type(value: Any, type_name: str) -> None:
    assert value_type(value) == type_name
    assert matches_type(value, type_name)


@pytest.mark.parametrize(
    ("value", "type_name"),
    [
        (1, "string"),
        (True, "number"),
        ("1", "number"),
        ("a", "array of string"),
        (["a", 1], "array of string"),
        ({"a": 1}, "object of string"),
    ],
)
def test_value_does_not_match_another_type(value: Any, type_name: str) -> None:
    assert not matches_type(value, type_name)


def test_empty_array_matches_an_array_of_any_type() -> None:
    assert matches_type([], "array of number")


@pytest.mark.parametrize(("type_name", "legacy"), LEGACY_NAMES)
def test_type_names_convert_to_legacy_names_and_back(type_name: str, legacy: str) -> None:
    assert legacy_name(type_name) == legacy
    assert from_legacy_name(legacy) == type_name


@pytest.mark.parametrize("type_name", [name for name, _ in LEGACY_NAMES])
def test_current_type_name_is_read_unchanged(type_name: str) -> None:
    assert from_legacy_name(type_name) == type_name


@pytest.mark.parametrize("type_name", ["string", "number", "boolean", "array of string", "object of number"])
def test_placeholder_matches_its_type(type_name: str) -> None:
    assert matches_type(make_placeholder("data", "table_name", type_name), type_name)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("table_arn", "arn:aws:placeholder::000000000000:PLACEHOLDER/data/table_arn"),
        ("queue_url", "https://placeholder.invalid/PLACEHOLDER/data/queue_url"),
        ("table_name", "PLACEHOLDER-data-table_name"),
    ],
)
def test_placeholder_names_its_layer_and_field(field: str, value: str) -> None:
    assert make_placeholder("data", field, "string") == value


def test_placeholder_of_several_arns_is_an_array_of_arns() -> None:
    assert make_placeholder("data", "queue_arns", "array of string") == [
        make_placeholder("data", f"queue_{number}_arn", "string") for number in (1, 2)
    ]
