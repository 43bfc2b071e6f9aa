import json
from pathlib import Path

import pytest

from orchestration.pulumi.drift import DriftedResource
from orchestration.pulumi.property_diff import PropertyChange
from orchestration.pulumi.results import Changes
from tests.engine.orchestration.sample_plugin import VERSION
from tests.engine.orchestration.sample_stacks import FIRST, SampleStacks

TYPE = "sample:index:Thing"
PROGRAM = f"""
import pulumi

properties = {{
    "waits_for": "", "fails": "", "size": 1, "outside": OUTSIDE,
    "token": pulumi.Output.secret("hidden"),
    "variables": {{"kind": "a", "key": pulumi.Output.secret("hidden")}},
}}
pulumi.CustomResource("{TYPE}", "thing", properties, pulumi.ResourceOptions(version="{VERSION}"))
"""

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.usefixtures("collect_garbage"),
]


@pytest.fixture
def outside(stacks: SampleStacks) -> Path:
    """The file with changes outside Pulumi. The resource is deployed."""
    path = stacks.root / "outside.json"
    program = stacks.environment.stack_folder(FIRST.name) / "__main__.py"
    program.write_text(PROGRAM.replace("OUTSIDE", json.dumps(str(path))))
    stacks.engine().up(FIRST)
    return path


def drifted_thing(*changes: PropertyChange) -> list[DriftedResource]:
    return [DriftedResource(TYPE, "thing", changes=changes)]


@pytest.mark.usefixtures("outside")
def test_stack_has_no_drift_after_an_update(stacks: SampleStacks) -> None:
    assert stacks.engine().find_drift(FIRST) == []


def test_change_outside_pulumi_is_reported_until_an_update_reverts_it(
    stacks: SampleStacks, outside: Path
) -> None:
    outside.write_text('{"size": 2}')
    assert stacks.engine().find_drift(FIRST) == drifted_thing(PropertyChange("size", 1, 2))
    assert stacks.engine().find_drift(FIRST) == drifted_thing(PropertyChange("size", 1, 2))
    assert stacks.engine().up(FIRST).changes == Changes(same=2)
    assert stacks.engine().up(FIRST, refresh=True).changes == Changes(update=1, same=1)


def test_changed_secrets_are_reported_without_values(stacks: SampleStacks, outside: Path) -> None:
    outside.write_text('{"token": "open", "variables": {"kind": "b", "key": "hidden", "second": "open"}}')
    drift = stacks.engine().find_drift(FIRST)
    assert drift == drifted_thing(
        PropertyChange("token", secret=True),
        PropertyChange("variables.kind", "a", "b"),
        PropertyChange("variables.second", secret=True),
    )


def test_deletion_outside_pulumi_is_reported(stacks: SampleStacks, outside: Path) -> None:
    outside.write_text("null")
    assert stacks.engine().find_drift(FIRST) == [DriftedResource(TYPE, "thing", deleted=True)]


def test_stack_without_resources_has_no_drift_result(stacks: SampleStacks) -> None:
    assert stacks.engine().find_drift(FIRST) is None
    stacks.engine().preview(FIRST)
    assert stacks.engine().find_drift(FIRST) is None
