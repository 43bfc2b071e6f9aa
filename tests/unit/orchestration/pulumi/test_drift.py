from collections.abc import Mapping
from typing import Any

import pytest
from pulumi.automation import OpType
from pulumi.automation.events import StepEventMetadata, StepEventStateMetadata

from orchestration.pulumi.drift import Drifted
from orchestration.pulumi.property_diff import Change

TYPE = "aws:sqs/queue:Queue"


def state(inputs: Mapping[str, Any], outputs: Mapping[str, Any] | None = None) -> StepEventStateMetadata:
    return StepEventStateMetadata(
        type=TYPE, urn="", id="1", parent="", provider="", inputs=inputs, outputs=outputs or inputs
    )


def event(
    op: OpType,
    old: StepEventStateMetadata | None = None,
    new: StepEventStateMetadata | None = None,
    *,
    kind: str = TYPE,
    diffs: list[str] | None = None,
) -> StepEventMetadata:
    urn = f"urn:pulumi:prod::fraud-data::fraud:data:SuspiciousQueue${kind}::suspicious"
    return StepEventMetadata(op=op, urn=urn, type=kind, provider="", old=old, new=new, diffs=diffs)


def test_a_changed_resource_is_named_with_what_changed() -> None:
    found = Drifted.of(event(OpType.UPDATE, state({"t": 360}), state({"t": 45}), diffs=["t"]))
    assert found == Drifted(TYPE, "suspicious", changes=(Change("t", 360, 45),))


def test_a_deleted_resource_is_gone() -> None:
    assert Drifted.of(event(OpType.DELETE, state({"t": 360}))) == Drifted(TYPE, "suspicious", gone=True)


@pytest.mark.parametrize("op", [OpType.SAME, OpType.REFRESH, OpType.READ])
def test_what_is_as_it_was_is_no_drift(op: OpType) -> None:
    assert Drifted.of(event(op, state({"t": 1}), state({"t": 1}))) is None


def test_references_to_other_stacks_are_no_drift() -> None:
    changed = event(
        OpType.UPDATE, state({"t": 1}), state({"t": 2}), kind="pulumi:pulumi:StackReference", diffs=["t"]
    )
    assert Drifted.of(changed) is None


def test_a_property_that_no_program_sets_is_taken_from_what_aws_says() -> None:
    found = Drifted.of(event(OpType.UPDATE, state({}, {"arn": "a"}), state({}, {"arn": "b"}), diffs=["arn"]))
    assert found is not None
    assert found.changes == (Change("arn", "a", "b"),)


def test_a_path_that_leads_nowhere_shows_what_differs_in_its_property() -> None:
    old, new = state({"rules": {"port": 1}}), state({"rules": {"port": 2}})
    found = Drifted.of(event(OpType.UPDATE, old, new, diffs=["rules[0].port"]))
    assert found is not None
    assert found.changes == (Change("rules.port", 1, 2),)


def test_a_difference_without_values_is_told_all_the_same() -> None:
    found = Drifted.of(event(OpType.UPDATE, state({"t": 1}), state({"t": 1}), diffs=["t"]))
    assert found is not None
    assert found.changes == (Change("t"),)


def test_a_property_that_is_named_twice_is_told_once_whatever_its_value() -> None:
    old, new = state({"rules": {"ports": [1]}}), state({"rules": {"ports": [2]}})
    found = Drifted.of(event(OpType.UPDATE, old, new, diffs=["rules", "rules.ports"]))
    assert found is not None
    assert found.changes == (Change("rules.ports", [1], [2]),)
