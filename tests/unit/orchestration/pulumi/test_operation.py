from typing import Any

from pulumi.automation import EngineEvent

from orchestration.environments import find_environment
from orchestration.layers import find_layer
from orchestration.pulumi.operation import Operation
from orchestration.pulumi.program import Program
from orchestration.pulumi.results import OperationResult, ResourceInputs

URN = "urn:pulumi:local::fraud-data::aws:sqs/queue:Queue::"


def record(*events: dict[str, Any]) -> OperationResult:
    environment, layer = find_environment("local"), find_layer("data")
    program = Program(environment.stack_folder("data"), placeholders=frozenset())
    operation = Operation(environment, layer, program, frozenset())
    for event in (*events, {"summaryEvent": {"resourceChanges": {}}}):
        operation.handle_event(EngineEvent.from_json({"sequence": 1, "timestamp": 1, **event}))
    return operation.result


def step(name: str, op: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    def state(inputs: dict[str, Any] | None) -> dict[str, Any] | None:
        if inputs is None:
            return None
        return {
            "type": "aws:sqs/queue:Queue",
            "urn": URN + name,
            "id": name,
            "parent": "",
            "provider": "",
        } | {
            "inputs": inputs,
            "outputs": {},
        }

    metadata = {
        "op": op,
        "urn": URN + name,
        "type": "aws:sqs/queue:Queue",
        "provider": "",
        "old": state(old),
        "new": state(new),
    }
    return {"resourcePreEvent": {"metadata": metadata}}


def test_result_has_the_inputs_of_all_resources_before_and_after() -> None:
    result = record(
        step("kept", "same", {"a": 1}, {"a": 1}),
        step("changed", "update", {"a": 1}, {"a": 2}),
        step("new", "create", None, {"a": 3}),
        step("gone", "delete", {"a": 4}, None),
    )
    before = {urn.removeprefix(URN): value.inputs["a"] for urn, value in result.resources_before.items()}
    after = {urn.removeprefix(URN): value.inputs["a"] for urn, value in result.resources.items()}
    assert before == {"kept": 1, "changed": 1, "gone": 4}
    assert after == {"kept": 1, "changed": 2, "new": 3}
    assert result.resources[f"{URN}new"] == ResourceInputs("aws:sqs/queue:Queue", {"a": 3})
