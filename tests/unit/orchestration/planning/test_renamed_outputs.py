"""Renamed outputs: layers of this release and of the last release fit together in both directions."""

from pathlib import Path

from orchestration.environments import Environment
from orchestration.layers import find_layer
from orchestration.planning.compatibility import (
    ChangedInput,
    DeclaredContract,
    find_broken_inputs,
    find_changed_inputs,
    find_missing_inputs,
)
from orchestration.planning.contracts import LayerContracts, inputs_changed_by_plan
from orchestration.planning.scheduler import LayerResult, ResultStatus
from orchestration.pulumi.results import Changes, OperationResult
from shared.contracts import RESERVED, DataOutputs, make_declaration
from tests.unit.orchestration.fake_engine import OUTPUTS, FakeEngine

INPUTS = {"data": {"transactions_table_name": "string"}}
# The outputs of `data`, and its reader `edge`, as the last release declares them.
OLD_DATA = {
    "table_name": "t",
    RESERVED: {"gives": {"table_name": "text"}, "reads": {}},
}
OLD_EDGE = DeclaredContract.from_outputs({RESERVED: {"gives": {}, "reads": {"data": {"table_name": "text"}}}})
NEW_DATA = {
    "transactions_table_name": "t",
    "table_name": "t",
    RESERVED: make_declaration({"transactions_table_name": "string", "table_name": "string"}, {}),
}


def test_S3_new_layer_fits_an_upstream_of_the_last_release() -> None:
    assert find_missing_inputs("edge", INPUTS, {"data": OLD_DATA}) == []


def test_S3_former_name_with_another_type_does_not_fit() -> None:
    old = {**OLD_DATA, RESERVED: {"gives": {"table_name": "number"}, "reads": {}}}
    (violation,) = find_missing_inputs("edge", INPUTS, {"data": old})
    assert (violation.field, violation.actual) == ("transactions_table_name", "number")


def test_S3_new_upstream_fits_a_layer_of_the_last_release() -> None:
    assert find_broken_inputs("data", DataOutputs.types(), {"edge": OLD_EDGE}) == []


def test_S3_return_to_the_last_release_breaks_no_new_layer() -> None:
    old_types = DeclaredContract.from_outputs(OLD_DATA).outputs
    assert find_broken_inputs("data", old_types, {"edge": DeclaredContract({}, INPUTS)}) == []


def test_S3_last_release_can_read_the_declaration_of_a_new_layer() -> None:
    declaration = make_declaration({"api_url": "string"}, INPUTS)
    assert declaration["gives"] == {"api_url": "text"}
    assert declaration["reads"] == {"data": {"table_name": "text"}}


def test_S3_value_under_another_name_has_not_changed() -> None:
    assert find_changed_inputs("edge", {"data": OLD_DATA}, {"data": NEW_DATA}, INPUTS) == []


def test_S3_changed_value_under_another_name_is_found() -> None:
    current = {"data": {**NEW_DATA, "transactions_table_name": "other", "table_name": "other"}}
    assert find_changed_inputs("edge", {"data": OLD_DATA}, current, INPUTS) == [
        ChangedInput("data", "transactions_table_name", "edge")
    ]


def test_S3_output_under_its_former_name_needs_no_placeholder() -> None:
    environment = Environment("dev", Path("unused"))
    former_names = DataOutputs.former_names()
    old_data = {name: value for name, value in OUTPUTS["data"].items() if name not in former_names}
    deployed = {"foundation", "data"}
    engine = FakeEngine(environment, deployed=deployed, current={"data": old_data})
    data, edge = find_layer("data"), find_layer("edge")
    assert LayerContracts(environment, engine).placeholders(edge, [data, edge]) == frozenset()


def test_S3_plan_that_renames_an_output_changes_no_input() -> None:
    assert inputs_changed_by_plan(plan_of("t")) == {}
    assert inputs_changed_by_plan(plan_of("other")) == {"edge": ["data.transactions_table_name"]}


def plan_of(table_name: str) -> list[LayerResult[OperationResult]]:
    """A plan that updates `data` from the last release to this one, and `edge`."""
    after = {**NEW_DATA, "transactions_table_name": table_name, "table_name": table_name}
    data = OperationResult(Changes(), outputs=after, outputs_before=OLD_DATA)
    edge = OperationResult(Changes(), outputs={RESERVED: make_declaration({}, INPUTS)})
    return [
        LayerResult(find_layer(name), ResultStatus.DONE, value=value)
        for name, value in (("data", data), ("edge", edge))
    ]
