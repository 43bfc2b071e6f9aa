"""Input templates of EventBridge Pipes."""

import json

import pytest

from local.delivery.json_template import TemplateError, find_value, render_template, resolve_parameter

RECORD = {"a": {"b": [{"S": 'say "hi"'}, 2]}, "n": None, "t": True}


def test_string_value_is_quoted_and_escaped() -> None:
    assert json.loads(render_template('{"x": <$.a.b[0].S>}', RECORD, {})) == {"x": 'say "hi"'}


def test_object_null_and_boolean_are_written_as_json() -> None:
    assert json.loads(render_template('{"x": <$.a.b[0]>, "n": <$.n>, "t": <$.t>}', RECORD, {})) == {
        "x": {"S": 'say "hi"'},
        "n": None,
        "t": True,
    }


def test_string_inside_a_string_literal_is_escaped_without_quotes() -> None:
    assert json.loads(render_template('{"x": "they <$.a.b[0].S>, <$.a.b[1]> times"}', RECORD, {})) == {
        "x": 'they say "hi", 2 times'
    }


def test_reserved_variable_is_replaced() -> None:
    assert render_template("<aws.pipes.pipe-name>", RECORD, {"aws.pipes.pipe-name": "p"}) == '"p"'


@pytest.mark.parametrize("template", ["<$.a.c>", "<$.a.b[7]>", "<$.t.x>", "<$.a..b>", "<aws.pipes.nothing>"])
def test_placeholder_without_a_value_is_an_error(template: str) -> None:
    with pytest.raises(TemplateError):
        render_template(template, RECORD, {})


def test_root_path_is_the_whole_record() -> None:
    assert find_value(RECORD, "$") == RECORD


def test_parameter_that_is_not_a_path_is_used_unchanged() -> None:
    assert resolve_parameter("$.a.b[1]", RECORD) == 2
    assert resolve_parameter("fraud.transactions", RECORD) == "fraud.transactions"
