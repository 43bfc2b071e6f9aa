"""The words for types, and the values that stand in for what is not deployed."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pytest

from shared.contract_types import fits, of_annotation, of_value, placeholder


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (pulumi.Input[str], "text"),
        (pulumi.Input[int], "number"),
        (pulumi.Input[bool], "true or false"),
        (pulumi.Input[Sequence[pulumi.Input[str]]], "list of text"),
        (pulumi.Input[Mapping[str, pulumi.Input[float]]], "map of number"),
        (str | None, "text"),
    ],
)
def test_a_type_is_told_in_words(annotation: Any, words: str) -> None:
    assert of_annotation(annotation) == words


def test_a_type_that_no_output_has_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        of_annotation(pulumi.Input[object])


@pytest.mark.parametrize(
    ("value", "words"),
    [("a", "text"), (7.0, "number"), (True, "true or false"), ([1], "list of number"), ({}, "map of text")],
)
def test_the_type_of_a_value_is_told_in_the_same_words(value: Any, words: str) -> None:
    assert of_value(value) == words
    assert fits(value, words)


@pytest.mark.parametrize(
    ("value", "words"),
    [(1, "text"), (True, "number"), ("1", "number"), ("a", "list of text"), (["a", 1], "list of text")],
)
def test_a_value_of_another_type_does_not_fit(value: Any, words: str) -> None:
    assert not fits(value, words)


def test_an_empty_list_fits_a_list_of_anything() -> None:
    assert fits([], "list of number")


@pytest.mark.parametrize("words", ["text", "number", "true or false", "list of text", "map of number"])
def test_a_placeholder_is_of_the_type_that_it_stands_in_for(words: str) -> None:
    assert fits(placeholder("data", "table_name", words), words)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("table_arn", "arn:aws:placeholder::000000000000:PLACEHOLDER/data/table_arn"),
        ("queue_url", "https://placeholder.invalid/PLACEHOLDER/data/queue_url"),
        ("table_name", "PLACEHOLDER-data-table_name"),
    ],
)
def test_a_placeholder_names_what_it_stands_in_for(field: str, value: str) -> None:
    assert placeholder("data", field, "text") == value


def test_a_placeholder_of_several_arns_is_a_list_of_arns() -> None:
    assert placeholder("data", "queue_arns", "list of text") == [placeholder("data", "queue_arn", "text")]
