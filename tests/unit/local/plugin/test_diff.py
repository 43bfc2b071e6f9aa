"""How a difference is told to the engine."""

from pulumi.provider.experimental.provider import PropertyDiffKind

from local.plugin.diff import diff
from local.plugin.values import UNKNOWN
from tests.unit.local.plugin.fakes import thing

STATE = {"name": "t", "size": 5, "region": "eu-west-1", "zone": "a", "tags": {}, "tagsAll": {}}


def test_nothing_differs() -> None:
    answer = diff(thing()[0], STATE, {"name": "t", "size": 5}, {"name": "t", "size": 5})
    assert answer.changes is False
    assert answer.detailed_diff == {}


def test_each_kind_of_change_is_told_as_what_it_is() -> None:
    inputs = {"name": "t", "hidden": "h", "tags": {"a": "b"}}
    answer = diff(thing()[0], STATE, {"name": "t", "size": 5}, inputs)
    kinds = {name: one.kind for name, one in answer.detailed_diff.items()}
    assert kinds == {
        "size": PropertyDiffKind.DELETE,
        "hidden": PropertyDiffKind.ADD,
        "tags": PropertyDiffKind.ADD,
    }
    assert answer.replaces == []


def test_replacing_change_names_the_property_and_deletes_first() -> None:
    answer = diff(thing()[0], STATE, {"name": "t"}, {"name": "t", "zone": "b", "size": 5})
    assert answer.replaces == ["zone"]
    assert answer.delete_before_replace
    assert answer.detailed_diff["zone"].kind is PropertyDiffKind.ADD_REPLACE


def test_change_made_outside_is_shown_against_the_state() -> None:
    answer = diff(thing()[0], {**STATE, "size": 9}, {"name": "t", "size": 5}, {"name": "t", "size": 5})
    assert not answer.detailed_diff["size"].input_diff
    assert answer.detailed_diff["size"].kind is PropertyDiffKind.UPDATE


def test_value_that_a_preview_cannot_know_is_a_change() -> None:
    answer = diff(thing()[0], STATE, {"name": "t"}, {"name": "t", "size": UNKNOWN})
    assert list(answer.detailed_diff) == ["size"]


def test_of_a_block_the_fields_that_differ_are_named() -> None:
    state = {**STATE, "block": {"must": "a", "may": 3}}
    declared = {"name": "t", "size": 5, "block": {"must": "a"}}
    answer = diff(thing()[0], state, declared, declared)
    assert list(answer.detailed_diff) == ["block.may"]
    assert answer.diffs == ["block"]
    assert not answer.detailed_diff["block.may"].input_diff


def test_a_block_that_was_not_there_is_named_whole() -> None:
    inputs = {"name": "t", "size": 5, "block": {"must": "a"}}
    assert list(diff(thing()[0], STATE, {}, inputs).detailed_diff) == ["block"]
