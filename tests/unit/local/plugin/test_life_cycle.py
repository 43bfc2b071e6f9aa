"""The life cycle that all types share, on a type without AWS."""

import json

import pytest

from local.plugin.errors import InitializationError
from local.plugin.values import UNKNOWN
from tests.unit.local.plugin.fakes import DeniedError, thing

SEED = bytes.fromhex("0123456789abcdef")


def test_created_thing_has_inputs_defaults_and_outputs() -> None:
    life, _ = thing()
    resource_id, outputs = life.create({"name": "t", "hidden": "h"})
    assert resource_id == "t"
    assert outputs["size"] == 1
    assert outputs["arn"] == "arn:t"
    assert outputs["zone"] == "a"
    assert outputs["hidden"] == "h"
    assert outputs["region"] == "eu-west-1"


def test_created_thing_differs_in_nothing_from_its_inputs() -> None:
    life, _ = thing({"Team": "x"})
    inputs = {"name": "t", "hidden": "h", "tags": {"a": "b"}, "block": {"must": 1}}
    assert life.changed(life.create(inputs)[1], inputs) == {}


def test_document_keeps_the_spelling_it_was_declared_in() -> None:
    life, resource = thing()
    declared = json.dumps({"Statement": [{"Action": "a:Get"}]})
    life.create({"name": "t", "policy": declared})
    resource.kept["t"]["policy"] = json.dumps({"Statement": {"Action": ["a:Get"]}})
    read = life.read("t", {"name": "t", "policy": declared})
    assert read is not None
    assert read["policy"] == declared


def test_removed_input_differs_unless_it_was_at_its_default() -> None:
    life, _ = thing()
    _, outputs = life.create({"name": "t", "size": 5, "legacy": False})
    assert life.changed(outputs, {"name": "t"}) == {"size": False}


def test_removed_input_that_aws_chooses_is_no_change() -> None:
    life, _ = thing()
    _, outputs = life.create({"name": "t", "zone": "b"})
    assert life.changed(outputs, {"name": "t"}) == {}
    assert life.changed(outputs, {"name": "t", "zone": "c"}) == {"zone": True}


def test_update_resets_a_removed_input_to_its_default() -> None:
    life, resource = thing()
    _, outputs = life.create({"name": "t", "size": 5})
    assert life.update("t", outputs, {"name": "t"})["size"] == 1
    assert resource.calls == [{"size"}]


def test_replacement_that_keeps_the_name_deletes_first() -> None:
    life, _ = thing()
    _, outputs = life.create({"name": "t", "zone": "b"})
    assert life.deletes_first(outputs, {"name": "t", "zone": "c"})
    assert not life.deletes_first(outputs, {"name": "other", "zone": "c"})


def test_name_is_made_of_the_logical_name_and_kept() -> None:
    life, _ = thing()
    first = life.with_autonames("alerts", {}, {}, SEED)
    assert first == {"name": "alerts-0123456"}
    assert life.with_autonames("alerts", {}, first, b"\xff" * 8) == first
    assert life.with_autonames("alerts", {}, {"name": "by-hand"}, SEED) == first
    assert life.with_autonames("alerts", {"name": "mine"}, first, SEED) == {"name": "mine"}


def test_thing_that_is_gone_reads_as_nothing_and_deletes_without_error() -> None:
    life, _ = thing()
    assert life.read("t", {}) is None
    life.delete("t", {})


def test_change_made_outside_shows_in_the_state() -> None:
    life, resource = thing()
    _, outputs = life.create({"name": "t", "hidden": "h"})
    resource.kept["t"]["size"] = 9
    read = life.read("t", outputs)
    assert read is not None
    assert read["hidden"] == "h"
    assert life.changed(read, {"name": "t", "hidden": "h"}) == {"size": False}
    assert life.inputs_from(read, {"name": "t", "hidden": "h"}) == {"name": "t", "hidden": "h", "size": 9}


def test_thing_that_exists_unfinished_is_kept_and_finished_by_the_next_update() -> None:
    life, resource = thing()
    resource.configuring = DeniedError()
    with pytest.raises(InitializationError, match="DescribeThing: AccessDenied: not yours") as caught:
        life.create({"name": "t"})
    assert caught.value.resource_id == "t"
    life.update("t", caught.value.properties, {"name": "t"})
    assert resource.calls == [set(resource.properties)]


def test_default_tags_are_tags_of_every_thing_but_not_its_own() -> None:
    life, resource = thing({"Team": "x", "Layer": "none"})
    inputs = {"name": "t", "tags": {"Layer": "data"}}
    _, outputs = life.create(inputs)
    assert resource.kept["t"]["tags"] == {"Team": "x", "Layer": "data"}
    assert outputs["tags"] == {"Layer": "data"}
    assert outputs["tagsAll"] == {"Team": "x", "Layer": "data"}


def test_changed_default_tag_is_a_change_of_every_thing() -> None:
    before, _ = thing({"Team": "x"})
    _, outputs = before.create({"name": "t"})
    after, _ = thing({"Team": "y"})
    assert after.changed(outputs, {"name": "t"}) == {"tags": False}


def test_region_other_than_the_providers_is_refused() -> None:
    life, _ = thing()
    assert life.check({"region": "eu-west-1"}) == []
    assert life.check({"region": UNKNOWN}) == []
    assert [name for name, _ in life.check({"region": "us-east-1"})] == ["region"]


def test_thing_of_another_region_is_replaced() -> None:
    life, _ = thing()
    _, outputs = life.create({"name": "t"})
    assert life.changed({**outputs, "region": "us-east-1"}, {"name": "t"}) == {"region": True}


def test_preview_leaves_open_what_a_change_makes_anew() -> None:
    life, _ = thing()
    _, outputs = life.create({"name": "t"})
    assert life.planned({"name": "t"}, outputs)["arn"] == "arn:t"
    assert "arn" not in life.planned({"name": "t", "size": 2}, outputs)


def test_preview_tells_what_it_knows_and_no_more() -> None:
    life, _ = thing()
    planned = life.planned({"name": "t", "hidden": UNKNOWN}, {})
    assert planned["name"] == "t"
    assert planned["size"] == 1
    assert planned["hidden"] == UNKNOWN
    assert "arn" not in planned
    assert planned["tagsAll"] == {}
