"""Contracts as tools read them, from plain outputs."""

import pulumi
import pytest

from shared.contracts import (
    CONTRACTS,
    RESERVED,
    Contract,
    ContractError,
    EdgeOutputs,
    of,
    read,
    text,
    visible,
)
from shared.projects import PROJECTS
from tests.unit.shared.outputs import resolved

OUTPUTS = {
    "api_url": "https://api.example/v1/transactions",
    "api_id": "abc",
    "stage_name": "v1",
    "api_arn": "arn",
    "function_name": "fraud-pipeline-api",
    "labels_url": "https://api.example/v1/labels",
    "labels_api_arn": "arn",
    "labels_function_name": "fraud-pipeline-labels",
}


def test_S3_plain_outputs_become_the_contract() -> None:
    outputs = read(EdgeOutputs, {**OUTPUTS, "later": 1})
    assert text(outputs.api_url) == OUTPUTS["api_url"]


def test_S3_outputs_that_are_missing_are_named_with_the_layer_to_deploy() -> None:
    with pytest.raises(
        ContractError, match="fraud-edge does not give api_url, api_id; deploy the layer edge"
    ):
        read(EdgeOutputs, {name: OUTPUTS[name] for name in OUTPUTS if name not in ("api_url", "api_id")})


def test_a_value_of_a_running_program_is_no_text() -> None:
    with pytest.raises(ContractError, match="not Output"):
        resolved(lambda: pulumi.Output.from_input(text(pulumi.Output.from_input("abc"))))


def test_S3_every_layer_has_one_contract() -> None:
    assert [contract.producer for contract in CONTRACTS] == list(PROJECTS)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_S3_the_reserved_output_is_no_field_and_every_field_has_a_type(contract: type[Contract]) -> None:
    assert RESERVED not in contract.names()
    assert tuple(contract.types()) == contract.names()


def test_a_contract_is_found_by_its_layer() -> None:
    assert of("edge") is EdgeOutputs


def test_the_reserved_output_is_not_shown() -> None:
    assert visible({**OUTPUTS, RESERVED: {}}) == OUTPUTS
