"""Input templates of pipes."""

import json

import pytest

from local.delivery.json_template import TemplateError, find, render, resolve

RECORD = {"a": {"b": [{"S": 'say "hi"'}, 2]}, "n": None, "t": True}


def test_string_gets_quotes_and_escapes_where_a_value_stands() -> None:
    assert json.loads(render('{"x": <$.a.b[0].S>}', RECORD, {})) == {"x": 'say "hi"'}


def test_object_null_and_boolean_are_written_as_json() -> None:
    assert json.loads(render('{"x": <$.a.b[0]>, "n": <$.n>, "t": <$.t>}', RECORD, {})) == {
        "x": {"S": 'say "hi"'},
        "n": None,
        "t": True,
    }


def test_string_inside_a_string_gets_no_quotes_and_stays_valid() -> None:
    assert json.loads(render('{"x": "they <$.a.b[0].S>, <$.a.b[1]> times"}', RECORD, {})) == {
        "x": 'they say "hi", 2 times'
    }


def test_reserved_variable_is_replaced() -> None:
    assert render("<aws.pipes.pipe-name>", RECORD, {"aws.pipes.pipe-name": "p"}) == '"p"'


@pytest.mark.parametrize("template", ["<$.a.c>", "<$.a.b[7]>", "<$.t.x>", "<$.a..b>", "<aws.pipes.nothing>"])
def test_placeholder_that_finds_nothing_is_an_error(template: str) -> None:
    with pytest.raises(TemplateError):
        render(template, RECORD, {})


def test_whole_record_is_found_by_the_root() -> None:
    assert find(RECORD, "$") == RECORD


def test_parameter_is_a_path_only_if_it_looks_like_one() -> None:
    assert resolve("$.a.b[1]", RECORD) == 2
    assert resolve("fraud.transactions", RECORD) == "fraud.transactions"
