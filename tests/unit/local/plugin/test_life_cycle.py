"""The life cycle of resource types, with a fake type."""

import json

import pytest
from pulumi.provider.experimental.provider import PropertyDiffKind

from local.plugin.errors import InitializationError
from local.plugin.values import UNKNOWN
from tests.unit.local.plugin.fakes import DeniedError, make_life_cycle

SEED = bytes.fromhex("0123456789abcdef")
STATE = {"name": "t", "size": 5, "region": "eu-west-1", "zone": "a", "tags": {}, "tagsAll": {}}


def test_created_resource_has_inputs_defaults_and_outputs() -> None:
    life, _ = make_life_cycle()
    resource_id, outputs = life.create({"name": "t", "hidden": "h"})
    assert resource_id == "t"
    assert outputs["size"] == 1
    assert outputs["arn"] == "arn:t"
    assert outputs["zone"] == "a"
    assert outputs["hidden"] == "h"
    assert outputs["region"] == "eu-west-1"


def test_created_resource_has_no_diff_with_its_inputs() -> None:
    life, _ = make_life_cycle({"Team": "x"})
    inputs = {"name": "t", "hidden": "h", "tags": {"a": "b"}, "block": {"must": 1}}
    assert life.changed_properties(life.create(inputs)[1], inputs) == {}


def test_document_has_the_declared_text_if_the_content_is_equal() -> None:
    life, resource = make_life_cycle()
    declared = json.dumps({"Statement": [{"Action": "a:Get"}]})
    life.create({"name": "t", "policy": declared})
    resource.resources["t"]["policy"] = json.dumps({"Statement": {"Action": ["a:Get"]}})
    read = life.read("t", {"name": "t", "policy": declared})
    assert read is not None
    assert read["policy"] == declared


def test_removed_input_is_a_change_unless_it_had_its_default() -> None:
    life, _ = make_life_cycle()
    _, outputs = life.create({"name": "t", "size": 5, "legacy": False})
    assert life.changed_properties(outputs, {"name": "t"}) == {"size": False}


def test_removed_computed_input_is_not_a_change() -> None:
    life, _ = make_life_cycle()
    _, outputs = life.create({"name": "t", "zone": "b"})
    assert life.changed_properties(outputs, {"name": "t"}) == {}
    assert life.changed_properties(outputs, {"name": "t", "zone": "c"}) == {"zone": True}


def test_update_resets_a_removed_input_to_its_default() -> None:
    life, resource = make_life_cycle()
    _, outputs = life.create({"name": "t", "size": 5})
    assert life.update("t", outputs, {"name": "t"})["size"] == 1
    assert resource.updates == [{"size"}]


def test_replacement_that_keeps_the_name_deletes_first() -> None:
    life, _ = make_life_cycle()
    _, outputs = life.create({"name": "t", "zone": "b"})
    assert life.deletes_first(outputs, {"name": "t", "zone": "c"})
    assert not life.deletes_first(outputs, {"name": "other", "zone": "c"})


def test_generated_name_has_the_logical_name_and_does_not_change() -> None:
    life, _ = make_life_cycle()
    first = life.with_autonames("alerts", {}, {}, SEED)
    assert first == {"name": "alerts-0123456"}
    assert life.with_autonames("alerts", {}, first, b"\xff" * 8) == first
    assert life.with_autonames("alerts", {}, {"name": "by-hand"}, SEED) == first
    assert life.with_autonames("alerts", {"name": "mine"}, first, SEED) == {"name": "mine"}


def test_missing_resource_is_read_as_none_and_deleted_without_error() -> None:
    life, _ = make_life_cycle()
    assert life.read("t", {}) is None
    life.delete("t", {})


def test_change_outside_of_pulumi_is_read_into_the_state() -> None:
    life, resource = make_life_cycle()
    _, outputs = life.create({"name": "t", "hidden": "h"})
    resource.resources["t"]["size"] = 9
    read = life.read("t", outputs)
    assert read is not None
    assert read["hidden"] == "h"
    assert life.changed_properties(read, {"name": "t", "hidden": "h"}) == {"size": False}
    assert life.inputs_from(read, {"name": "t", "hidden": "h"}) == {"name": "t", "hidden": "h", "size": 9}


def test_unfinished_creation_is_stored_and_completed_by_the_next_update() -> None:
    life, resource = make_life_cycle()
    resource.configure_error = DeniedError()
    with pytest.raises(InitializationError, match="DescribeThing: AccessDenied: not yours") as caught:
        life.create({"name": "t"})
    assert caught.value.resource_id == "t"
    life.update("t", caught.value.properties, {"name": "t"})
    assert resource.updates == [resource.properties.keys() - {"region", "zone"}]


def test_default_tags_are_in_tags_all_but_not_in_tags() -> None:
    life, resource = make_life_cycle({"Team": "x", "Layer": "none"})
    inputs = {"name": "t", "tags": {"Layer": "data"}}
    _, outputs = life.create(inputs)
    assert resource.resources["t"]["tags"] == {"Team": "x", "Layer": "data"}
    assert outputs["tags"] == {"Layer": "data"}
    assert outputs["tagsAll"] == {"Team": "x", "Layer": "data"}


def test_changed_default_tag_is_a_change_of_every_resource() -> None:
    before, _ = make_life_cycle({"Team": "x"})
    _, outputs = before.create({"name": "t"})
    after, _ = make_life_cycle({"Team": "y"})
    assert after.changed_properties(outputs, {"name": "t"}) == {"tags": False}


def test_change_of_tags_alone_does_not_update_the_resource() -> None:
    life, resource = make_life_cycle({"Team": "x"})
    _, outputs = life.create({"name": "t"})
    life.update("t", outputs, {"name": "t", "tags": {"Layer": "data"}})
    assert resource.updates == []
    assert resource.tag_changes == [("arn:t", {"Team": "x"}, {"Team": "x", "Layer": "data"})]


def test_region_other_than_the_providers_is_rejected() -> None:
    life, _ = make_life_cycle()
    assert life.check({"region": "eu-west-1"}) == []
    assert life.check({"region": UNKNOWN}) == []
    assert [name for name, _ in life.check({"region": "us-east-1"})] == ["region"]


def test_resource_of_another_region_is_replaced() -> None:
    life, _ = make_life_cycle()
    _, outputs = life.create({"name": "t"})
    assert life.changed_properties({**outputs, "region": "us-east-1"}, {"name": "t"}) == {"region": True}


def test_preview_omits_outputs_that_change_with_an_input() -> None:
    life, _ = make_life_cycle()
    _, outputs = life.create({"name": "t"})
    assert life.plan_outputs({"name": "t"}, outputs)["arn"] == "arn:t"
    assert "arn" not in life.plan_outputs({"name": "t", "size": 2}, outputs)


def test_preview_has_known_values_only() -> None:
    life, _ = make_life_cycle()
    planned = life.plan_outputs({"name": "t", "hidden": UNKNOWN}, {})
    assert planned["name"] == "t"
    assert planned["size"] == 1
    assert planned["hidden"] == UNKNOWN
    assert "arn" not in planned
    assert planned["tagsAll"] == {}


def test_equal_inputs_have_no_diff() -> None:
    response = make_life_cycle()[0].diff(STATE, {"name": "t", "size": 5}, {"name": "t", "size": 5})
    assert response.changes is False
    assert response.detailed_diff == {}


def test_diff_has_the_kind_of_each_change() -> None:
    inputs = {"name": "t", "hidden": "h", "tags": {"a": "b"}}
    response = make_life_cycle()[0].diff(STATE, {"name": "t", "size": 5}, inputs)
    kinds = {name: difference.kind for name, difference in response.detailed_diff.items()}
    assert kinds == {
        "size": PropertyDiffKind.DELETE,
        "hidden": PropertyDiffKind.ADD,
        "tags": PropertyDiffKind.ADD,
    }
    assert response.replaces == []


def test_replacement_names_the_property_and_deletes_first() -> None:
    response = make_life_cycle()[0].diff(STATE, {"name": "t"}, {"name": "t", "zone": "b", "size": 5})
    assert response.replaces == ["zone"]
    assert response.delete_before_replace
    assert response.detailed_diff["zone"].kind is PropertyDiffKind.ADD_REPLACE


def test_change_outside_of_pulumi_is_shown_against_the_state() -> None:
    response = make_life_cycle()[0].diff(
        {**STATE, "size": 9}, {"name": "t", "size": 5}, {"name": "t", "size": 5}
    )
    assert not response.detailed_diff["size"].input_diff
    assert response.detailed_diff["size"].kind is PropertyDiffKind.UPDATE


def test_unknown_value_of_a_preview_is_a_change() -> None:
    response = make_life_cycle()[0].diff(STATE, {"name": "t"}, {"name": "t", "size": UNKNOWN})
    assert list(response.detailed_diff) == ["size"]


def test_diff_of_a_block_names_the_changed_fields() -> None:
    state = {**STATE, "block": {"must": "a", "may": 3}}
    declared = {"name": "t", "size": 5, "block": {"must": "a"}}
    response = make_life_cycle()[0].diff(state, declared, declared)
    assert list(response.detailed_diff) == ["block.may"]
    assert response.diffs == ["block"]
    assert not response.detailed_diff["block.may"].input_diff


def test_diff_of_a_new_block_names_the_block() -> None:
    inputs = {"name": "t", "size": 5, "block": {"must": "a"}}
    assert list(make_life_cycle()[0].diff(STATE, {}, inputs).detailed_diff) == ["block"]
