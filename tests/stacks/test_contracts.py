"""What a layer exports is its contract, and a consumer's program finds all that it loads."""

import pytest

from shared.contracts import CONTRACTS, Contract, read
from tests.stacks.conftest import Programs
from tests.stacks.recording import Program, run_program


@pytest.mark.parametrize("contract", CONTRACTS)
def test_S3_a_layer_exports_exactly_its_contract(prod: Programs, contract: type[Contract]) -> None:
    outputs = prod[contract.producer.layer].outputs
    assert set(outputs) == set(contract.names())
    assert all(value not in (None, "") for value in outputs.values())


@pytest.mark.parametrize("contract", CONTRACTS)
def test_S3_what_a_layer_exports_can_be_read_from_outside(prod: Programs, contract: type[Contract]) -> None:
    outputs = prod[contract.producer.layer].outputs
    assert vars(read(contract, outputs)) == outputs


def test_S3_an_output_that_upstream_does_not_give_fails_the_deployment(prod: Programs) -> None:
    incomplete = dict(prod["foundation"].outputs)
    del incomplete["data_key_arn"]
    with pytest.raises(Exception, match="data_key_arn"):
        run_program("data", "prod", {"foundation": Program("foundation", outputs=incomplete)})
