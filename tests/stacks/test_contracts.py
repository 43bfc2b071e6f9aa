"""Contracts between the layers: exported outputs, declared types, and the inputs of each program."""

import pytest

from orchestration.environments import find_environment
from orchestration.status.graph import load_nodes
from shared.contract_types import matches_type
from shared.contracts import (
    CONTRACTS,
    RESERVED,
    Contract,
    ContractError,
    DataOutputs,
    EdgeOutputs,
    read_outputs,
    visible_outputs,
)
from shared.projects import PROJECTS, Project
from tests.stacks.conftest import Programs
from tests.stacks.recording import RecordedProgram, run_program


@pytest.mark.parametrize("contract", CONTRACTS)
def test_S3_layer_exports_exactly_its_contract(prod: Programs, contract: type[Contract]) -> None:
    outputs = visible_outputs(prod[contract.producer.layer].outputs)
    assert set(outputs) == contract.types().keys()
    empty = {name for name, value in outputs.items() if value in (None, "")}
    assert empty <= contract.optional_names()


@pytest.mark.parametrize("contract", CONTRACTS)
def test_S3_exported_outputs_can_be_read_outside_of_a_program(
    prod: Programs, contract: type[Contract]
) -> None:
    outputs = visible_outputs(prod[contract.producer.layer].outputs)
    values = vars(read_outputs(contract, outputs))
    assert values.items() <= outputs.items()
    assert outputs.keys() - values.keys() == set(contract.former_names().values())


@pytest.mark.parametrize("contract", CONTRACTS)
def test_S3_exported_outputs_have_the_declared_types(prod: Programs, contract: type[Contract]) -> None:
    outputs = prod[contract.producer.layer].outputs
    assert outputs[RESERVED]["outputs"] == contract.types()
    assert all(matches_type(outputs[name], type_name) for name, type_name in contract.types().items())


@pytest.mark.parametrize("project", PROJECTS)
def test_S3_layer_declares_its_inputs_from_each_upstream_layer(prod: Programs, project: Project) -> None:
    # The mocks have no outputs of a layer that is not in depends_on.
    used = prod[project.layer].outputs[RESERVED]["inputs"]
    assert set(used) == set(project.depends_on)
    assert all(used.values())


def test_S3_only_used_inputs_are_declared(prod: Programs) -> None:
    assert prod["edge"].outputs[RESERVED]["inputs"]["data"] == {
        "profiles_table_arn": "string",
        "profiles_table_name": "string",
        "retention_days": "number",
        "transactions_table_arn": "string",
        "transactions_table_name": "string",
    }


def test_S3_unused_output_may_be_missing(prod: Programs) -> None:
    outputs = dict(prod["foundation"].outputs)
    del outputs["vpc_id"]
    upstream = {"foundation": RecordedProgram("foundation", outputs=outputs)}
    assert run_program("data", "prod", upstream).outputs


def test_S3_output_of_another_type_fails_the_program(prod: Programs) -> None:
    retyped = {**prod["foundation"].outputs, "data_key_arn": ["arn"]}
    with pytest.raises(ContractError, match="data_key_arn"):
        run_program("data", "prod", {"foundation": RecordedProgram("foundation", outputs=retyped)})


def test_S3_missing_output_fails_the_program(prod: Programs) -> None:
    incomplete = dict(prod["foundation"].outputs)
    del incomplete["data_key_arn"]
    with pytest.raises(ContractError, match="data_key_arn"):
        run_program("data", "prod", {"foundation": RecordedProgram("foundation", outputs=incomplete)})


def test_S3_graph_shows_the_declared_inputs(prod: Programs) -> None:
    assert {node.name: node.inputs for node in load_nodes(find_environment("local"))} == {
        layer: program.outputs[RESERVED]["inputs"] for layer, program in prod.items()
    }


@pytest.mark.parametrize("layer", ["processing", "edge"])
def test_S3_layer_registers_the_same_resources_with_upstream_layers_of_the_last_release(
    prod: Programs, layer: str
) -> None:
    former_names = DataOutputs.former_names()
    outputs = {name: value for name, value in prod["data"].outputs.items() if name not in former_names}
    upstream = {**prod, "data": RecordedProgram("data", outputs=outputs)}
    program = run_program(layer, "prod", {name: upstream[name] for name in ("foundation", "data")})
    assert registered_inputs(program) == registered_inputs(prod[layer])


@pytest.mark.parametrize("contract", [DataOutputs, EdgeOutputs])
def test_S3_upstream_layer_exports_all_outputs_of_the_last_release(
    prod: Programs, contract: type[Contract]
) -> None:
    outputs = prod[contract.producer.layer].outputs
    for name, former_name in contract.former_names().items():
        assert outputs[former_name] == outputs[name]


def registered_inputs(program: RecordedProgram) -> list[tuple[str, str, object]]:
    """The resources of a program without the package archives, which are equal only by their paths."""
    return [
        (
            resource.type,
            resource.name,
            {key: value for key, value in resource.inputs.items() if key != "code"},
        )
        for resource in program.resources
    ]
