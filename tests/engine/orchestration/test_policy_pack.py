"""The real engine runs the policy pack on each preview and update."""

import pytest
import yaml

from orchestration.environments import ROOT
from orchestration.pulumi.errors import PolicyViolationError
from orchestration.pulumi.results import Changes
from orchestration.pulumi.urn import describe_resource
from tests.engine.orchestration.sample_stacks import FIRST, SampleStacks

# The SDK does not close the event loop of a program whose update failed.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.usefixtures("collect_garbage"),
]

# The pack judges types and properties, whatever declares them.
PROGRAM = """
import pulumi

pulumi.ComponentResource("{type}", "thing")
"""


@pytest.fixture
def guarded(stacks: SampleStacks) -> SampleStacks:
    """Stacks in a tree with the policy pack of this repository."""
    (stacks.root / "policy").symlink_to(ROOT / "policy")
    project = stacks.environment.stack_folder(FIRST.name) / "Pulumi.yaml"
    plugins = yaml.safe_load((ROOT / "stacks" / "data" / "Pulumi.yaml").read_text())["plugins"]
    project.write_text(yaml.safe_dump({**yaml.safe_load(project.read_text()), "plugins": plugins}))
    return stacks


def declare(stacks: SampleStacks, type_: str) -> None:
    program = stacks.environment.stack_folder(FIRST.name) / "__main__.py"
    program.write_text(PROGRAM.format(type=type_))


def test_update_and_preview_of_compliant_resources_succeed(guarded: SampleStacks) -> None:
    declare(guarded, "sample:index:Component")
    assert guarded.engine().preview(FIRST).changes == Changes(create=2)
    assert guarded.engine().up(FIRST).changes == Changes(create=2)


def test_violation_stops_an_update_before_the_resource_is_created(guarded: SampleStacks) -> None:
    declare(guarded, "aws:sqs/queue:Queue")
    with pytest.raises(PolicyViolationError) as caught:
        guarded.engine().up(FIRST)
    assert {describe_resource(item.urn) for item in caught.value.violations} == {
        "thing (aws:sqs/queue:Queue)"
    }
    for part in ("sqs-key", "resource:", "rule:", "reason:", "remedy:", "link:"):
        assert part in caught.value.message
    assert not guarded.engine().is_deployed(FIRST)


def test_violation_of_a_stack_wide_rule_stops_a_preview(guarded: SampleStacks) -> None:
    declare(guarded, "aws:sqs/queue:Queue")
    with pytest.raises(PolicyViolationError) as caught:
        guarded.engine().preview(FIRST)
    assert "sqs-has-policy" in caught.value.message


def test_violation_of_a_stack_wide_rule_fails_an_update_at_its_end(guarded: SampleStacks) -> None:
    """Only then does the engine know all resources. The next update repairs the stack."""
    declare(guarded, "aws:iam/rolePolicy:RolePolicy")
    with pytest.raises(PolicyViolationError) as caught:
        guarded.engine().up(FIRST)
    assert "iam-role-policies-declared" in caught.value.message
    assert guarded.engine().is_deployed(FIRST)
    declare(guarded, "sample:index:Component")
    assert guarded.engine().up(FIRST).changes == Changes(create=1, delete=1, same=1)
