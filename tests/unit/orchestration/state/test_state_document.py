from typing import Any

from orchestration.state import state_document
from orchestration.state.state_document import StateDifference


def make_resource(name: str, type_: str = "aws:sqs/queue:Queue", **more: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:dev::fraud-data::{type_}::{name}", "type": type_, **more}


def make_document(*resources: dict[str, Any], time: str = "now") -> dict[str, Any]:
    return {"version": 3, "deployment": {"manifest": {"time": time}, "resources": list(resources)}}


def test_digest_does_not_depend_on_the_time_of_writing() -> None:
    assert state_document.compute_digest(make_document(make_resource("q"))) == state_document.compute_digest(
        make_document(make_resource("q"), time="later")
    )


def test_different_states_have_different_digests() -> None:
    first, second = make_document(make_resource("q", id="1")), make_document(make_resource("q", id="2"))
    assert state_document.compute_digest(first) != state_document.compute_digest(second)


def test_difference_lists_restored_removed_and_changed_resources() -> None:
    current = make_document(make_resource("old"), make_resource("both", id="1"), make_resource("same"))
    earlier = make_document(make_resource("new"), make_resource("both", id="2"), make_resource("same"))
    assert state_document.compare_documents(current, earlier) == StateDifference(
        restored=("new (aws:sqs/queue:Queue)",),
        removed=("old (aws:sqs/queue:Queue)",),
        changed=("both (aws:sqs/queue:Queue)",),
    )


def test_resources_of_pulumi_are_not_compared() -> None:
    assert not state_document.compare_documents(
        make_document(make_resource("stack", "pulumi:pulumi:Stack")), make_document()
    )


def test_resource_in_a_component_has_its_own_type() -> None:
    inner = make_resource("q", "fraud:data:Suspicious$aws:sqs/queue:Queue")
    assert state_document.compare_documents({}, make_document(inner)).restored == ("q (aws:sqs/queue:Queue)",)


def test_checkpoint_is_converted_to_the_format_of_an_export() -> None:
    deployment = {"resources": [make_resource("q")]}
    checkpoint = {"version": 3, "checkpoint": {"stack": "organization/fraud-data/dev", "latest": deployment}}
    assert state_document.convert_checkpoint(checkpoint) == {"version": 3, "deployment": deployment}


def test_new_stack_is_empty() -> None:
    empty = state_document.convert_checkpoint({"version": 3, "checkpoint": {"stack": "dev"}})
    assert state_document.is_empty(empty)
