"""The life cycle of every resource type with the Pulumi engine: create, preview, update, destroy."""

import pytest

from local.plugin.provider import RESOURCES
from tests.engine.plugin.cycle import LifeCycleRun
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
def run(request: pytest.FixtureRequest) -> LifeCycleRun:
    engine = request.getfixturevalue("engine")
    return LifeCycleRun.run(request.param, GROUPS[request.param], engine)


def test_every_type_of_the_plugin_is_covered() -> None:
    covered = {kind for group in GROUPS.values() for kind in group.types}
    assert sorted(covered) == sorted(RESOURCES)


def test_first_update_creates_every_resource(run: LifeCycleRun) -> None:
    assert set(run.creation.by_name.values()) == {"create"}
    assert run.types == run.group.types


def test_refresh_after_the_creation_detects_no_drift(run: LifeCycleRun) -> None:
    assert run.preview.drifted == set()


def test_equivalent_program_has_no_changes(run: LifeCycleRun) -> None:
    assert run.preview.changes == {}


def test_changed_program_has_exactly_the_expected_changes(run: LifeCycleRun) -> None:
    assert run.update.changes == run.group.changes


def test_changed_settings_are_in_aws(run: LifeCycleRun) -> None:
    assert run.settings == run.group.expected_settings


def test_preview_after_the_update_has_no_drift_and_no_changes(run: LifeCycleRun) -> None:
    assert run.preview_after_update.drifted == set()
    assert run.preview_after_update.changes == {}


def test_destroy_deletes_every_resource(run: LifeCycleRun) -> None:
    assert run.resources_after - run.resources_before == set()
    assert run.resources_deployed - run.resources_before != set()
