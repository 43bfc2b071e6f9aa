"""Every resource type through the real engine: made, found unchanged, changed, and gone."""

import pytest

from local.plugin.registry import RESOURCES
from tests.engine.plugin.cycle import Cycle
from tests.engine.plugin.programs import data, edge, identity, network, operations, processing

GROUPS = {
    "identity": identity.GROUP,
    "network": network.GROUP,
    "data": data.GROUP,
    "processing": processing.GROUP,
    "edge": edge.GROUP,
    "operations": operations.GROUP,
}


@pytest.fixture(scope="module", params=sorted(GROUPS))
def cycle(request: pytest.FixtureRequest) -> Cycle:
    engine = request.getfixturevalue("engine")
    return Cycle.run(request.param, GROUPS[request.param], engine)


def test_every_type_of_the_plugin_is_covered() -> None:
    covered = {kind for group in GROUPS.values() for kind in group.types}
    assert sorted(covered) == sorted(RESOURCES)


def test_first_update_creates_every_resource(cycle: Cycle) -> None:
    assert set(cycle.created.done.values()) == {"create"}
    assert cycle.types == cycle.group.types


def test_refresh_finds_what_creation_told(cycle: Cycle) -> None:
    assert cycle.repeated.found == set()


def test_same_program_in_another_spelling_changes_nothing(cycle: Cycle) -> None:
    assert cycle.repeated.changes == {}


def test_changed_program_changes_exactly_that(cycle: Cycle) -> None:
    assert cycle.changed.changes == cycle.group.changes


def test_changed_settings_arrive_at_aws(cycle: Cycle) -> None:
    assert cycle.reported == cycle.group.expected


def test_after_a_change_refresh_and_update_find_no_other(cycle: Cycle) -> None:
    assert cycle.settled.found == set()
    assert cycle.settled.changes == {}


def test_destroy_leaves_nothing(cycle: Cycle) -> None:
    assert cycle.left - cycle.before == set()
    assert cycle.while_up - cycle.before != set()
