"""Compatibility of contracts, on outputs as stacks export them."""

from typing import Any

import pytest

from orchestration.planning.compatibility import (
    STACK_REFERENCE,
    ChangedInput,
    ContractViolation,
    DeclaredContract,
    broken_inputs_error,
    find_broken_inputs,
    find_changed_inputs,
    find_missing_inputs,
    missing_inputs_error,
    outputs_at_last_update,
)
from shared.contracts import RESERVED, DataOutputs

TYPES = {"queue": "string", "days": "number"}
DATA = {"queue": "q", "days": 30.0, RESERVED: {"outputs": TYPES, "inputs": {}}}
EDGE = DeclaredContract({"url": "string"}, {"data": TYPES})
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}


def test_stack_declares_its_outputs_and_inputs() -> None:
    outputs = {"url": "u", RESERVED: {"outputs": {"url": "string"}, "inputs": {"data": TYPES}}}
    assert DeclaredContract.from_outputs(outputs) == EDGE


def test_stack_of_the_last_release_declares_the_same() -> None:
    former = {"gives": {"url": "text"}, "reads": {"data": {"queue": "text", "days": "number"}}}
    assert DeclaredContract.from_outputs({"url": "u", RESERVED: former}) == EDGE


def test_stack_without_a_declaration_has_the_types_of_its_values_and_unknown_inputs() -> None:
    assert DeclaredContract.from_outputs({"queue": "q", "days": 30.0, "subnets": []}) == DeclaredContract(
        {"queue": "string", "days": "number", "subnets": "array of string"}, None
    )


@pytest.mark.parametrize("reserved", [None, "text", {}, {"outputs": None}])
def test_incomplete_declaration_has_no_outputs(reserved: Any) -> None:
    assert not DeclaredContract.from_outputs({RESERVED: reserved}).outputs


def test_S3_layer_that_keeps_its_outputs_breaks_nothing() -> None:
    assert find_broken_inputs("data", TYPES, {"edge": EDGE}) == []


def test_S3_new_output_breaks_nothing() -> None:
    assert find_broken_inputs("data", {**TYPES, "more": "string"}, {"edge": EDGE}) == []


def test_S3_removed_output_breaks_its_consumer() -> None:
    assert find_broken_inputs("data", {"days": "number"}, {"edge": EDGE}) == [
        ContractViolation("data", "queue", "edge", "string", None)
    ]


def test_S3_output_with_another_type_breaks_its_consumer() -> None:
    assert find_broken_inputs("data", {**TYPES, "days": "string"}, {"edge": EDGE}) == [
        ContractViolation("data", "days", "edge", "number", "string")
    ]


def test_S3_removed_output_without_a_consumer_breaks_nothing() -> None:
    unused = DeclaredContract({}, {"data": {"days": "number"}})
    consumers = {"edge": unused, "foreign": DeclaredContract({}, {})}
    assert find_broken_inputs("data", {"days": "number"}, consumers) == []


def test_S3_consumer_without_a_declaration_reads_every_deployed_output() -> None:
    old = DeclaredContract.from_outputs({"url": "u"})
    assert find_broken_inputs("data", {"days": "number"}, {"edge": old}, current=TYPES) == [
        ContractViolation("data", "queue", "edge", "string", None)
    ]


def test_S3_exported_input_is_not_missing() -> None:
    assert find_missing_inputs("edge", {"data": {"days": "number"}}, {"data": DATA}) == []


@pytest.mark.parametrize(
    ("field", "expected", "actual"),
    [("days", "string", "number"), ("topic", "string", None), ("days", "number", None)],
)
def test_S3_input_without_an_output_of_its_type_is_missing(
    field: str, expected: str, actual: str | None
) -> None:
    outputs = {"data": DATA} if field == "topic" or actual else {}
    assert find_missing_inputs("edge", {"data": {field: expected}}, outputs) == [
        ContractViolation("data", field, "edge", expected, actual)
    ]


def test_S3_upstream_without_a_declaration_has_the_types_of_its_values() -> None:
    old = {"data": {"queue": "q", "days": "thirty"}}
    assert find_missing_inputs("edge", {"data": TYPES}, old) == [
        ContractViolation("data", "days", "edge", "number", "string")
    ]


def test_S3_contract_class_declares_the_outputs_of_the_tree() -> None:
    assert DataOutputs.types()["retention_days"] == "number"


def test_S3_changed_input_is_found() -> None:
    previous = {"data": {"queue": "q", "days": 7.0, "topic": "a"}}
    current = {"data": {"queue": "q", "days": 30, "topic": "b"}}
    assert find_changed_inputs("edge", previous, current, {"data": TYPES}) == [
        ChangedInput("data", "days", "edge")
    ]


def test_S3_removed_input_counts_as_changed() -> None:
    previous, current = {"data": {"queue": "q", "days": 7}}, {"data": {"queue": "q"}}
    assert find_changed_inputs("edge", previous, current, {"data": TYPES}) == [
        ChangedInput("data", "days", "edge")
    ]


@pytest.mark.parametrize(
    ("previous", "current"),
    [
        ({"data": {"queue": "q", "days": 7.0}}, {"data": {"queue": "q", "days": 7}}),
        ({"data": {"queue": "q", "days": 7.0}}, {"data": {}}),
        ({}, {"data": DATA}),
        ({"data": {"days": SECRET}}, {"data": DATA}),
    ],
    ids=["equal", "no longer deployed", "not read", "secret"],
)
def test_S3_other_inputs_count_as_unchanged(previous: Any, current: Any) -> None:
    assert find_changed_inputs("edge", previous, current, {"data": TYPES}) == []


def test_S3_outputs_at_the_last_update_are_in_the_state() -> None:
    resources = [
        {"type": "pulumi:pulumi:Stack", "outputs": {"name": "organization/fraud-data/prod"}},
        {
            "type": STACK_REFERENCE,
            "outputs": {"name": "organization/fraud-data/prod", "outputs": {"queue": "q"}},
        },
        {"type": STACK_REFERENCE, "outputs": {"name": "organization/other/prod"}},
        {"type": STACK_REFERENCE},
    ]
    assert outputs_at_last_update(resources, {"fraud-data": "data"}) == {"data": {"queue": "q"}}


def test_S3_error_of_broken_inputs_names_every_field_and_consumer() -> None:
    error = broken_inputs_error(
        [
            ContractViolation("data", "topic", "processing", "string", None),
            ContractViolation("data", "topic", "reports", "string", None),
            ContractViolation("data", "days", "edge", "number", "string"),
        ]
    )
    for word in ("data", "topic", "processing", "reports", "days", "edge", "number"):
        assert word in error.message
    assert "processing and reports and edge" in error.hint


def test_S3_error_of_missing_inputs_has_the_command_that_deploys_the_producer() -> None:
    error = missing_inputs_error([ContractViolation("data", "topic", "edge", "string", None)], "prod")
    for word in ("edge", "topic", "data", "'prod'"):
        assert word in error.message
    assert "deploy --env prod --layer data" in error.hint
