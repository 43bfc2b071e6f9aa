import json
from pathlib import Path

import pytest

from orchestration.pulumi.drift import Drifted
from orchestration.pulumi.property_diff import Change
from orchestration.pulumi.results import Changes
from tests.engine.orchestration.toy_plugin import VERSION
from tests.engine.orchestration.toy_stacks import FIRST, ToyStacks

TYPE = "toy:index:Thing"
PROGRAM = f"""
import pulumi

properties = {{
    "waits_for": "", "fails": "", "size": 1, "outside": OUTSIDE,
    "token": pulumi.Output.secret("hidden"),
    "variables": {{"kind": "a", "key": pulumi.Output.secret("hidden")}},
}}
pulumi.CustomResource("{TYPE}", "thing", properties, pulumi.ResourceOptions(version="{VERSION}"))
"""

pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.usefixtures("swept")]


@pytest.fixture
def outside(stacks: ToyStacks) -> Path:
    """The file that says what somebody did to the thing, which is deployed."""
    path = stacks.root / "outside.json"
    program = stacks.environment.stack_folder(FIRST.name) / "__main__.py"
    program.write_text(PROGRAM.replace("OUTSIDE", json.dumps(str(path))))
    stacks.engine().up(FIRST)
    return path


def thing(*changes: Change) -> list[Drifted]:
    return [Drifted(TYPE, "thing", changes=changes)]


@pytest.mark.usefixtures("outside")
def test_a_stack_is_without_drift_after_its_update(stacks: ToyStacks) -> None:
    assert stacks.engine().drifted(FIRST) == []


def test_what_was_changed_outside_is_told_again_and_again_until_an_update_puts_it_back(
    stacks: ToyStacks, outside: Path
) -> None:
    outside.write_text('{"size": 2}')
    assert stacks.engine().drifted(FIRST) == thing(Change("size", 1, 2))
    assert stacks.engine().drifted(FIRST) == thing(Change("size", 1, 2))
    assert stacks.engine().up(FIRST).changes == Changes(same=2)
    assert stacks.engine().up(FIRST, refresh=True).changes == Changes(update=1, same=1)


def test_secrets_are_told_to_differ_and_never_shown(stacks: ToyStacks, outside: Path) -> None:
    outside.write_text('{"token": "open", "variables": {"kind": "b", "key": "hidden", "second": "open"}}')
    found = stacks.engine().drifted(FIRST)
    assert found == thing(
        Change("token", secret=True),
        Change("variables.kind", "a", "b"),
        Change("variables.second", secret=True),
    )


def test_what_was_deleted_outside_is_gone(stacks: ToyStacks, outside: Path) -> None:
    outside.write_text("null")
    assert stacks.engine().drifted(FIRST) == [Drifted(TYPE, "thing", gone=True)]


def test_of_a_stack_that_holds_nothing_there_is_nothing_to_compare(stacks: ToyStacks) -> None:
    assert stacks.engine().drifted(FIRST) is None
    stacks.engine().preview(FIRST)
    assert stacks.engine().drifted(FIRST) is None
