"""What a layer exports is its contract, and a consumer's program finds all that it loads."""

import pytest

from orchestration.environments import find
from orchestration.status.graph import nodes_of
from shared.contract_types import fits
from shared.contracts import CONTRACTS, RESERVED, Contract, ContractError, read, visible
from shared.projects import PROJECTS, Project
from tests.stacks.conftest import Programs
from tests.stacks.recording import Program, run_program


@pytest.mark.parametrize("contract", CONTRACTS)
def test_S3_a_layer_exports_exactly_its_contract(prod: Programs, contract: type[Contract]) -> None:
    outputs = visible(prod[contract.producer.layer].outputs)
    assert set(outputs) == set(contract.names())
    assert all(value not in (None, "") for value in outputs.values())


@pytest.mark.parametrize("contract", CONTRACTS)
def test_S3_what_a_layer_exports_can_be_read_from_outside(prod: Programs, contract: type[Contract]) -> None:
    outputs = visible(prod[contract.producer.layer].outputs)
    assert vars(read(contract, outputs)) == outputs


@pytest.mark.parametrize("contract", CONTRACTS)
def test_S3_a_layer_exports_the_types_that_it_gives(prod: Programs, contract: type[Contract]) -> None:
    outputs = prod[contract.producer.layer].outputs
    assert outputs[RESERVED]["gives"] == contract.types()
    assert all(fits(outputs[name], words) for name, words in contract.types().items())


@pytest.mark.parametrize("project", PROJECTS)
def test_S3_a_layer_exports_what_it_uses_of_each_layer_that_it_depends_on(
    prod: Programs, project: Project
) -> None:
    # A layer that is not in depends_on could not have been loaded.
    used = prod[project.layer].outputs[RESERVED]["reads"]
    assert set(used) == set(project.depends_on)
    assert all(used.values())


def test_S3_what_a_layer_does_not_use_is_not_said_to_be_used(prod: Programs) -> None:
    assert prod["edge"].outputs[RESERVED]["reads"]["data"] == {
        "profiles_table_arn": "text",
        "profiles_table_name": "text",
        "retention_days": "number",
        "table_arn": "text",
        "table_name": "text",
    }


def test_S3_an_output_that_nobody_uses_may_be_missing(prod: Programs) -> None:
    given = dict(prod["foundation"].outputs)
    del given["vpc_id"]
    assert run_program("data", "prod", {"foundation": Program("foundation", outputs=given)}).outputs


def test_S3_an_output_of_another_type_fails_the_deployment(prod: Programs) -> None:
    retyped = {**prod["foundation"].outputs, "data_key_arn": ["arn"]}
    with pytest.raises(ContractError, match="gives data_key_arn as list of text, not as text"):
        run_program("data", "prod", {"foundation": Program("foundation", outputs=retyped)})


def test_S3_an_output_that_upstream_does_not_give_fails_the_deployment(prod: Programs) -> None:
    incomplete = dict(prod["foundation"].outputs)
    del incomplete["data_key_arn"]
    with pytest.raises(
        ContractError, match="fraud-foundation does not give data_key_arn; deploy the layer foundation first"
    ):
        run_program("data", "prod", {"foundation": Program("foundation", outputs=incomplete)})


def test_S3_the_graph_tells_what_programs_use_in_a_deployment(prod: Programs) -> None:
    assert {node.name: node.reads for node in nodes_of(find("local"))} == {
        layer: program.outputs[RESERVED]["reads"] for layer, program in prod.items()
    }
