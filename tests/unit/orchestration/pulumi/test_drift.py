from collections.abc import Mapping
from typing import Any

import pytest
from pulumi.automation import OpType
from pulumi.automation.events import StepEventMetadata, StepEventStateMetadata

from orchestration.pulumi.drift import DriftedResource
from orchestration.pulumi.property_diff import PropertyChange

TYPE = "aws:sqs/queue:Queue"


def make_state(inputs: Mapping[str, Any], outputs: Mapping[str, Any] | None = None) -> StepEventStateMetadata:
    return StepEventStateMetadata(
        type=TYPE, urn="", id="1", parent="", provider="", inputs=inputs, outputs=outputs or inputs
    )


def make_event(
    op: OpType,
    old: StepEventStateMetadata | None = None,
    new: StepEventStateMetadata | None = None,
    *,
    kind: str = TYPE,
    diffs: list[str] | None = None,
) -> StepEventMetadata:
    urn = f"urn:pulumi:prod::fraud-data::fraud:data:SuspiciousQueue${kind}::suspicious"
    return StepEventMetadata(op=op, urn=urn, type=kind, provider="", old=old, new=new, diffs=diffs)


def test_update_reports_the_changed_properties() -> None:
    drifted = DriftedResource.from_event(
        make_event(OpType.UPDATE, make_state({"t": 360}), make_state({"t": 45}), diffs=["t"])
    )
    assert drifted == DriftedResource(TYPE, "suspicious", changes=(PropertyChange("t", 360, 45),))


def test_deletion_is_reported() -> None:
    assert DriftedResource.from_event(make_event(OpType.DELETE, make_state({"t": 360}))) == DriftedResource(
        TYPE, "suspicious", deleted=True
    )


@pytest.mark.parametrize("op", [OpType.SAME, OpType.REFRESH, OpType.READ])
def test_unchanged_resource_has_no_drift(op: OpType) -> None:
    assert DriftedResource.from_event(make_event(op, make_state({"t": 1}), make_state({"t": 1}))) is None


def test_stack_references_have_no_drift() -> None:
    changed = make_event(
        OpType.UPDATE,
        make_state({"t": 1}),
        make_state({"t": 2}),
        kind="pulumi:pulumi:StackReference",
        diffs=["t"],
    )
    assert DriftedResource.from_event(changed) is None


def test_property_that_is_not_an_input_is_compared_in_the_outputs() -> None:
    drifted = DriftedResource.from_event(
        make_event(OpType.UPDATE, make_state({}, {"arn": "a"}), make_state({}, {"arn": "b"}), diffs=["arn"])
    )
    assert drifted is not None
    assert drifted.changes == (PropertyChange("arn", "a", "b"),)


def test_wrong_path_reports_the_difference_in_its_property() -> None:
    old, new = make_state({"rules": {"port": 1}}), make_state({"rules": {"port": 2}})
    drifted = DriftedResource.from_event(make_event(OpType.UPDATE, old, new, diffs=["rules[0].port"]))
    assert drifted is not None
    assert drifted.changes == (PropertyChange("rules.port", 1, 2),)


def test_difference_without_values_is_reported() -> None:
    drifted = DriftedResource.from_event(
        make_event(OpType.UPDATE, make_state({"t": 1}), make_state({"t": 1}), diffs=["t"])
    )
    assert drifted is not None
    assert drifted.changes == (PropertyChange("t"),)


def test_property_of_two_paths_is_reported_once() -> None:
    old, new = make_state({"rules": {"ports": [1]}}), make_state({"rules": {"ports": [2]}})
    drifted = DriftedResource.from_event(make_event(OpType.UPDATE, old, new, diffs=["rules", "rules.ports"]))
    assert drifted is not None
    assert drifted.changes == (PropertyChange("rules.ports", [1], [2]),)
