"""Diffs for the engine."""

from pulumi.provider.experimental.provider import PropertyDiffKind

from local.plugin.diff import diff_resource
from local.plugin.values import UNKNOWN
from tests.unit.local.plugin.fakes import make_life_cycle

STATE = {"name": "t", "size": 5, "region": "eu-west-1", "zone": "a", "tags": {}, "tagsAll": {}}


def test_equal_inputs_have_no_diff() -> None:
    response = diff_resource(make_life_cycle()[0], STATE, {"name": "t", "size": 5}, {"name": "t", "size": 5})
    assert response.changes is False
    assert response.detailed_diff == {}


def test_diff_has_the_kind_of_each_change() -> None:
    inputs = {"name": "t", "hidden": "h", "tags": {"a": "b"}}
    response = diff_resource(make_life_cycle()[0], STATE, {"name": "t", "size": 5}, inputs)
    kinds = {name: difference.kind for name, difference in response.detailed_diff.items()}
    assert kinds == {
        "size": PropertyDiffKind.DELETE,
        "hidden": PropertyDiffKind.ADD,
        "tags": PropertyDiffKind.ADD,
    }
    assert response.replaces == []


def test_replacement_names_the_property_and_deletes_first() -> None:
    response = diff_resource(
        make_life_cycle()[0], STATE, {"name": "t"}, {"name": "t", "zone": "b", "size": 5}
    )
    assert response.replaces == ["zone"]
    assert response.delete_before_replace
    assert response.detailed_diff["zone"].kind is PropertyDiffKind.ADD_REPLACE


def test_change_outside_of_pulumi_is_shown_against_the_state() -> None:
    response = diff_resource(
        make_life_cycle()[0], {**STATE, "size": 9}, {"name": "t", "size": 5}, {"name": "t", "size": 5}
    )
    assert not response.detailed_diff["size"].input_diff
    assert response.detailed_diff["size"].kind is PropertyDiffKind.UPDATE


def test_unknown_value_of_a_preview_is_a_change() -> None:
    response = diff_resource(make_life_cycle()[0], STATE, {"name": "t"}, {"name": "t", "size": UNKNOWN})
    assert list(response.detailed_diff) == ["size"]


def test_diff_of_a_block_names_the_changed_fields() -> None:
    state = {**STATE, "block": {"must": "a", "may": 3}}
    declared = {"name": "t", "size": 5, "block": {"must": "a"}}
    response = diff_resource(make_life_cycle()[0], state, declared, declared)
    assert list(response.detailed_diff) == ["block.may"]
    assert response.diffs == ["block"]
    assert not response.detailed_diff["block.may"].input_diff


def test_diff_of_a_new_block_names_the_block() -> None:
    inputs = {"name": "t", "size": 5, "block": {"must": "a"}}
    assert list(diff_resource(make_life_cycle()[0], STATE, {}, inputs).detailed_diff) == ["block"]
