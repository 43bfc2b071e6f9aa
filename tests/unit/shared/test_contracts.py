"""Contracts of the layers, read from plain outputs."""

import re
from typing import Any

import pulumi
import pytest

from shared.contracts import (
    CONTRACTS,
    RESERVED,
    Contract,
    ContractError,
    DataOutputs,
    EdgeOutputs,
    find_contract,
    find_output,
    former_names,
    make_declaration,
    read_outputs,
    require_string,
    visible_outputs,
)
from shared.projects import PROJECTS
from tests.unit.shared.outputs import resolve_output

OUTPUTS = {
    "api_url": "https://api.example/v1/transactions",
    "api_id": "abc",
    "stage_name": "v1",
    "api_arn": "arn",
    "api_function_name": "fraud-pipeline-api",
    "labels_url": "https://api.example/v1/labels",
    "labels_api_arn": "arn",
    "labels_function_name": "fraud-pipeline-labels",
    "transactions_batch_url": "https://api.example/v1/transactions/batch",
    "transactions_batch_api_arn": "arn",
    "historic_url": "https://api.example/v1/transactions/historic",
    "historic_api_arn": "arn",
    "consumer_role_arns": {"checkout": "arn"},
}
LAST_RELEASE = {**OUTPUTS, "function_name": OUTPUTS["api_function_name"]}
del LAST_RELEASE["api_function_name"]


def test_S3_plain_outputs_are_read_as_the_contract() -> None:
    outputs = read_outputs(EdgeOutputs, {**OUTPUTS, "later": 1})
    assert vars(outputs) == OUTPUTS


def test_S3_missing_outputs_are_named() -> None:
    incomplete = {name: OUTPUTS[name] for name in OUTPUTS if name not in ("api_url", "api_id")}
    with pytest.raises(ContractError) as caught:
        read_outputs(EdgeOutputs, incomplete)
    assert set(re.findall(r"\w+", str(caught.value))) & OUTPUTS.keys() == {"api_url", "api_id"}


def test_S3_missing_output_with_a_default_is_not_an_error() -> None:
    earlier = {name: value for name, value in OUTPUTS.items() if not name.startswith("transactions_batch")}
    assert read_outputs(EdgeOutputs, earlier).transactions_batch_url == ""


def test_S3_outputs_of_the_last_release_are_read_under_their_former_names() -> None:
    assert vars(read_outputs(EdgeOutputs, LAST_RELEASE)) == OUTPUTS


def test_S3_current_name_has_precedence_over_the_former_name() -> None:
    outputs = read_outputs(EdgeOutputs, {**OUTPUTS, "function_name": "former"})
    assert outputs.api_function_name == OUTPUTS["api_function_name"]


def test_S3_output_missing_under_both_names_is_named_by_its_current_name() -> None:
    neither = {name: value for name, value in LAST_RELEASE.items() if name != "function_name"}
    with pytest.raises(ContractError, match="api_function_name"):
        read_outputs(EdgeOutputs, neither)


@pytest.mark.parametrize("outputs", [OUTPUTS, LAST_RELEASE])
def test_S3_output_is_found_under_its_current_or_former_name(outputs: dict[str, Any]) -> None:
    assert find_output("edge", outputs, "api_function_name") == "fraud-pipeline-api"
    assert find_output("edge", outputs, "no_such_output") is None
    assert find_output("no-such-layer", outputs, "api_id") == "abc"


def test_S3_renamed_outputs_have_their_former_names() -> None:
    assert former_names("edge") == {"api_function_name": "function_name"}
    assert former_names("data") == {
        "transactions_table_name": "table_name",
        "transactions_table_arn": "table_arn",
        "transactions_stream_arn": "table_stream_arn",
    }
    assert former_names("no-such-layer") == {}


def test_S3_declaration_can_be_read_by_the_last_release() -> None:
    types = {"api_function_name": "string", "function_name": "string"}
    inputs = {"data": {"transactions_table_arn": "string", "retention_days": "number"}}
    assert make_declaration(types, inputs) == {
        "outputs": types,
        "inputs": inputs,
        "gives": {"api_function_name": "text", "function_name": "text"},
        "reads": {"data": {"table_arn": "text", "retention_days": "number"}},
    }


def test_output_of_a_running_program_is_not_plain_text() -> None:
    with pytest.raises(ContractError):
        resolve_output(lambda: pulumi.Output.from_input(require_string(pulumi.Output.from_input("abc"))))


def test_S3_every_layer_has_one_contract() -> None:
    assert [contract.producer for contract in CONTRACTS] == list(PROJECTS)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_S3_every_output_has_a_type_and_none_has_the_reserved_name(contract: type[Contract]) -> None:
    assert RESERVED not in contract.types()
    assert all(contract.types().values())


@pytest.mark.parametrize("contract", CONTRACTS)
def test_S3_former_name_is_exported_with_the_type_of_the_current_name(contract: type[Contract]) -> None:
    types = contract.types()
    assert all(types[former] == types[name] for name, former in contract.former_names().items())


def test_S3_contract_is_found_by_its_layer() -> None:
    assert find_contract("edge") is EdgeOutputs
    assert find_contract("data") is DataOutputs


def test_reserved_output_is_not_visible() -> None:
    assert visible_outputs({**OUTPUTS, RESERVED: {}}) == OUTPUTS
