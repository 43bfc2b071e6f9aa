"""The estimated cost of prod: the resources that its programs register."""

import pytest

from operations.cost.declared import DeclaredEnvironment, LayerResources
from operations.cost.estimate import Estimate
from shared.names import Names
from tests.stacks.conftest import Programs
from tests.stacks.test_alarms import PIPELINE, calculate_cost_usd, select_pipeline
from tests.unit.operations.cost.environments import estimate


@pytest.fixture(scope="module")
def declared(prod: Programs) -> DeclaredEnvironment:
    layers = {}
    for layer, program in prod.items():
        by_type: dict[str, list[dict[str, object]]] = {}
        for resource in program.resources:
            by_type.setdefault(resource.type.removeprefix("aws:"), []).append(dict(resource.inputs))
        if layer in PIPELINE:
            layers[layer] = LayerResources(by_type)
    return DeclaredEnvironment(layers, Names())


@pytest.fixture(scope="module")
def prod_estimate(declared: DeclaredEnvironment) -> Estimate:
    return estimate(declared, retention_days=90)


def test_price_of_alarms_is_that_of_adr_24(prod: Programs, prod_estimate: Estimate) -> None:
    assert prod_estimate.part_usd("alarms") == pytest.approx(calculate_cost_usd(select_pipeline(prod)))


def test_functions_have_the_memory_of_the_settings(declared: DeclaredEnvironment) -> None:
    assert {name: function.memory_mb for name, function in declared.functions.items()} == {
        "api": 512,
        "fraud": 512,
        "labels": 512,
        "merchants": 512,
        "notify": 512,
    }
    assert all(function.is_arm for function in declared.functions.values())


def test_every_key_is_paid_once(declared: DeclaredEnvironment, prod_estimate: Estimate) -> None:
    keys = sum(line.usd for line in prod_estimate.lines if line.price.unit == "key")
    assert keys == len(declared.find("kms/key:Key"))
    assert declared.alarm_keys == 1


def test_fixed_costs_include_two_endpoints_in_two_zones(prod_estimate: Estimate) -> None:
    (line,) = [line for line in prod_estimate.lines if "interfaces" in line.item]
    assert line.quantity == 2 * 2 * 730


def test_stream_has_a_shard_for_each_1000_write_units(declared: DeclaredEnvironment) -> None:
    assert declared.stream_shards == 8
    assert declared.has_recovery("transactions")
    assert declared.has_recovery("profiles")


# Limits at a million transactions a day, which a change may lower but not raise. The goals are $11 for a
# million without devices, $40 for a month and $2 for storage. $0.77 of the first are traces that Lambda
# starts for `fraud`, `merchants` and `notify`, $0.67 are the writes of devices (ADR 28), and $0.30 the counts
# of categories (ADR 37).
MAX_TRANSACTIONS_USD = 12.7
MAX_STORAGE_USD = 1.345
MAX_FIXED_USD = 37.5


def test_cost_is_within_its_limits(prod_estimate: Estimate) -> None:
    assert prod_estimate.part_usd("transactions") <= MAX_TRANSACTIONS_USD
    assert prod_estimate.part_usd("storage") <= MAX_STORAGE_USD
    assert prod_estimate.part_usd("fixed") <= MAX_FIXED_USD


def test_only_the_functions_behind_the_stream_start_traces_of_their_own(prod_estimate: Estimate) -> None:
    traces = {line.item: line.usd for line in prod_estimate.lines if line.service == "X-Ray"}
    assert traces["API and api: traces"] == pytest.approx(0.05)
    assert sum(traces.values()) - traces["API and api: traces"] == pytest.approx(0.77, abs=0.01)
