from typing import Any

from orchestration.state import state_document
from orchestration.state.state_document import Difference


def resource(name: str, type_: str = "aws:sqs/queue:Queue", **more: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:dev::fraud-data::{type_}::{name}", "type": type_, **more}


def document(*resources: dict[str, Any], time: str = "now") -> dict[str, Any]:
    return {"version": 3, "deployment": {"manifest": {"time": time}, "resources": list(resources)}}


def test_a_state_that_was_only_written_again_has_the_same_digest() -> None:
    assert state_document.digest(document(resource("q"))) == state_document.digest(
        document(resource("q"), time="later")
    )


def test_a_state_that_differs_has_another_digest() -> None:
    one, other = document(resource("q", id="1")), document(resource("q", id="2"))
    assert state_document.digest(one) != state_document.digest(other)


def test_a_difference_names_what_comes_back_what_goes_and_what_changes() -> None:
    now = document(resource("old"), resource("both", id="1"), resource("same"))
    then = document(resource("new"), resource("both", id="2"), resource("same"))
    assert state_document.difference(now, then) == Difference(
        back=("new (aws:sqs/queue:Queue)",),
        gone=("old (aws:sqs/queue:Queue)",),
        other=("both (aws:sqs/queue:Queue)",),
    )


def test_pulumis_own_notes_are_no_difference() -> None:
    assert not state_document.difference(document(resource("stack", "pulumi:pulumi:Stack")), document())


def test_a_resource_in_a_component_is_named_by_its_own_type() -> None:
    inner = resource("q", "fraud:data:Suspicious$aws:sqs/queue:Queue")
    assert state_document.difference({}, document(inner)).back == ("q (aws:sqs/queue:Queue)",)


def test_a_file_of_a_backend_is_what_the_cli_exports() -> None:
    deployment = {"resources": [resource("q")]}
    checkpoint = {"version": 3, "checkpoint": {"stack": "organization/fraud-data/dev", "latest": deployment}}
    assert state_document.of_checkpoint(checkpoint) == {"version": 3, "deployment": deployment}


def test_a_new_stack_holds_nothing() -> None:
    empty = state_document.of_checkpoint({"version": 3, "checkpoint": {"stack": "dev"}})
    assert state_document.is_empty(empty)
