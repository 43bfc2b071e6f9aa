"""Destroying layers with functions in an account: functions, their network interfaces, then the rest."""

from typing import Any, cast

import pytest

from orchestration import layers
from orchestration.environments import find
from orchestration.layers import Layer
from orchestration.planning.deployer import Deployer, Ways
from orchestration.planning.network_interfaces import NetworkInterfaces
from orchestration.pulumi.results import Outcome
from terminal.errors import PartlyDoneError, UserError
from tests.unit.orchestration.fake_engine import OUTPUTS, FakeEngine
from tests.unit.orchestration.planning.fake_network import GROUP, FakeNetwork, interface

FOUR = layers.select(["foundation", "data", "processing", "edge"])
ALL = {layer.name for layer in FOUR}
NETWORK = {"foundation": {**OUTPUTS["foundation"], "function_security_group_id": GROUP}}


class Account(FakeEngine):
    """Notes the interfaces that were left when a layer's rest was destroyed."""

    network: FakeNetwork
    left: dict[str, int]

    def destroy(self, layer: Layer, *, message: str = "") -> Outcome:
        self.left[layer.name] = len(self.network.interfaces)
        return super().destroy(layer, message=message)


def account(network: FakeNetwork, **changed: Any) -> Account:
    engine = Account(find("dev"), **{"deployed": set(ALL), "gives": dict(NETWORK), **changed})
    engine.network, engine.left = network, {}
    return engine


def deployer(engine: Account, env: str = "dev") -> Deployer:
    client = cast(Any, engine.network)
    interfaces = NetworkInterfaces(client, client, engine.network.pause)
    ways = Ways(interfaces=interfaces if env != "local" else None)
    return Deployer(find(env), engine, lambda *_: None, ways, all_layers=FOUR)


def test_roles_are_deleted_after_the_interfaces() -> None:
    engine = account(FakeNetwork([interface(1)]))
    reports = deployer(engine).destroy(FOUR)
    assert set(engine.calls[:2]) == {"destroy functions of edge", "destroy functions of processing"}
    assert engine.left == dict.fromkeys(ALL, 0)
    deleted = {report.layer.name: report.result.changes.delete for report in reports if report.result}
    assert deleted == {"edge": 3, "processing": 3, "data": 2, "foundation": 2}


def test_one_layer_goes_at_once_while_functions_of_another_use_the_interfaces() -> None:
    engine = account(FakeNetwork([interface(1)], functions=["fraud-notify"]))
    deployer(engine).destroy(layers.select(["edge"]))
    assert engine.calls == ["destroy functions of edge", "destroy edge"]
    assert engine.network.slept == 0


def test_a_wait_that_was_interrupted_is_continued_by_the_next_run() -> None:
    engine = account(FakeNetwork([interface(1)], interrupted=True))
    with pytest.raises(KeyboardInterrupt):
        deployer(engine).destroy(FOUR)
    assert engine.left == {}
    engine.network.interrupted = False
    deployer(engine).destroy(FOUR)
    assert engine.left == dict.fromkeys(ALL, 0)
    assert engine.deployed == set()


def test_a_network_without_functions_waits_for_the_interfaces_they_left() -> None:
    engine = account(FakeNetwork([interface(1)]), deployed={"foundation"})
    deployer(engine).destroy(layers.select(["foundation"]))
    assert engine.calls == ["destroy foundation"]
    assert engine.left == {"foundation": 0}


def test_nothing_is_deleted_by_credentials_that_may_not_see_interfaces() -> None:
    engine = account(FakeNetwork(may_look=False))
    with pytest.raises(UserError) as refused:
        deployer(engine).destroy(FOUR)
    assert refused.value.status == 1
    assert engine.calls == []


def test_functions_that_cannot_be_deleted_keep_their_layers() -> None:
    engine = account(FakeNetwork([interface(1)]), breaks={"edge": "edge: busy"})
    with pytest.raises(PartlyDoneError):
        deployer(engine).destroy(FOUR)
    assert engine.left == {}


def test_a_layer_without_functions_is_destroyed_without_a_look_at_the_network() -> None:
    engine = account(FakeNetwork(may_look=False), deployed={"foundation", "data"})
    deployer(engine).destroy(layers.select(["data"]))
    assert engine.calls == ["destroy data"]


def test_the_embedded_aws_has_no_interfaces_to_wait_for() -> None:
    engine = account(FakeNetwork([interface(1)]))
    deployer(engine, "local").destroy(FOUR)
    assert set(engine.calls[:2]) == {"destroy edge", "destroy processing"}
    assert engine.network.slept == 0
