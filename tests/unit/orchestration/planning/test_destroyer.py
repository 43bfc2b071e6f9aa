"""Destruction of layers. With functions in an account: functions, their network interfaces, then the rest."""

from typing import Any, cast

import pytest

from orchestration.environments import find_environment
from orchestration.layers import Layer, select_layers
from orchestration.planning.destroyer import Destroyer
from orchestration.planning.network_interfaces import NetworkInterfaces
from orchestration.planning.runner import DeployOptions
from orchestration.pulumi.results import OperationResult
from terminal.errors import PartialFailureError, UserError
from tests.unit.orchestration.fake_engine import OUTPUTS, FakeEngine
from tests.unit.orchestration.planning.fake_network import GROUP, FakeNetwork, interface

FOUR = select_layers(["foundation", "data", "processing", "edge"])
ALL = {layer.name for layer in FOUR}
NETWORK = {"foundation": {**OUTPUTS["foundation"], "function_security_group_id": GROUP}}
TABLE = {
    "type": "aws:dynamodb/table:Table",
    "urn": "urn:pulumi:dev::fraud-data::aws:dynamodb/table:Table::transactions",
    "custom": True,
}
KEY = {
    "type": "aws:kms/key:Key",
    "urn": "urn:pulumi:dev::fraud-data::aws:kms/key:Key::orders",
    "custom": True,
    "retainOnDelete": True,
}


class FakeAccount(FakeEngine):
    """Records the number of interfaces that are left when the rest of a layer is destroyed."""

    network: FakeNetwork
    interfaces_left: dict[str, int]

    def destroy(self, layer: Layer, *, message: str = "") -> OperationResult:
        self.interfaces_left[layer.name] = len(self.network.interfaces)
        return super().destroy(layer, message=message)


def create_account(network: FakeNetwork | None = None, **changed: Any) -> FakeAccount:
    environment = find_environment("dev")
    engine = FakeAccount(environment, **{"deployed": set(ALL), "current": dict(NETWORK), **changed})
    engine.network, engine.interfaces_left = network or FakeNetwork(), {}
    return engine


def create_destroyer(engine: FakeAccount, env: str = "dev", questions: list[str] | None = None) -> Destroyer:
    client = cast(Any, engine.network)
    interfaces = NetworkInterfaces(client, client, engine.network.pause)
    options = DeployOptions(interfaces=interfaces if env != "local" else None, ask_name=env == "prod")

    def confirm(question: str, word: str) -> None:
        if questions is not None:
            questions.extend([question, word])

    return Destroyer(find_environment(env), engine, confirm, options, all_layers=FOUR)


def test_consumers_are_destroyed_first() -> None:
    engine = create_account()
    create_destroyer(engine, "local").destroy(FOUR)
    assert set(engine.calls[:2]) == {"destroy processing", "destroy edge"}
    assert engine.calls[2:] == ["destroy data", "destroy foundation"]


@pytest.mark.parametrize(("env", "word"), [("local", ""), ("prod", "prod")])
def test_question_names_the_layers_and_in_prod_the_name_has_to_be_typed(env: str, word: str) -> None:
    questions: list[str] = []
    create_destroyer(create_account(), env, questions).destroy(FOUR)
    assert "foundation, data, processing, edge" in questions[0]
    assert f"'{env}'" in questions[0]
    assert questions[1] == word


def test_resources_are_counted_and_losses_named_before_the_question(
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine = create_account(resources={"data": [TABLE, KEY, {"type": "fraud:data:Table", "urn": ""}]})

    def decline(_question: str, _word: str) -> None:
        raise UserError("Nothing was changed.")

    with pytest.raises(UserError):
        Destroyer(find_environment("dev"), engine, decline, all_layers=FOUR).destroy(FOUR)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("  ! data: transactions (aws:dynamodb/table:Table)")
    assert "  data  1 to delete" in lines
    assert [line for line in lines if "orders" in line and "retained" in line]
    assert engine.calls == []


def test_layer_that_a_deployed_one_reads_is_refused() -> None:
    engine = create_account()
    with pytest.raises(UserError) as refused:
        create_destroyer(engine).destroy(select_layers(["data"]))
    assert "processing" in refused.value.message
    assert engine.calls == []


def test_protected_resources_are_refused_before_the_first_deletion() -> None:
    engine = create_account(protected={"data": ["transactions (aws:dynamodb)"]})
    with pytest.raises(UserError) as refused:
        create_destroyer(engine).destroy(FOUR)
    assert "transactions" in refused.value.message
    assert engine.calls == []


def test_layer_that_cannot_be_destroyed_keeps_its_upstream_layers() -> None:
    engine = create_account(failures={"edge": "edge: busy"})
    with pytest.raises(PartialFailureError) as failed:
        create_destroyer(engine, "local").destroy(FOUR)
    assert "edge" in failed.value.message
    assert engine.deployed == {"foundation", "data", "edge"}


def test_failure_before_the_first_deletion_has_exit_code_1() -> None:
    engine = create_account(failures={"edge": "edge: busy"})
    with pytest.raises(UserError) as failed:
        create_destroyer(engine, "local").destroy(select_layers(["edge"]))
    assert failed.value.status == 1


def test_roles_are_deleted_after_the_interfaces() -> None:
    engine = create_account(FakeNetwork([interface(1)]))
    results = create_destroyer(engine).destroy(FOUR)
    assert set(engine.calls[:2]) == {"destroy functions of edge", "destroy functions of processing"}
    assert engine.interfaces_left == dict.fromkeys(ALL, 0)
    deleted = {result.layer.name: result.value.changes.delete for result in results if result.value}
    assert deleted == {"edge": 3, "processing": 3, "data": 2, "foundation": 2}


def test_layer_is_destroyed_at_once_while_other_functions_use_the_interfaces() -> None:
    engine = create_account(FakeNetwork([interface(1)], functions=["fraud-notify"]))
    create_destroyer(engine).destroy(select_layers(["edge"]))
    assert engine.calls == ["destroy functions of edge", "destroy edge"]
    assert engine.network.slept == 0


def test_interrupted_wait_is_continued_by_the_next_run() -> None:
    engine = create_account(FakeNetwork([interface(1)], interrupted=True))
    with pytest.raises(KeyboardInterrupt):
        create_destroyer(engine).destroy(FOUR)
    assert engine.interfaces_left == {}
    engine.network.interrupted = False
    create_destroyer(engine).destroy(FOUR)
    assert engine.interfaces_left == dict.fromkeys(ALL, 0)
    assert engine.deployed == set()


def test_network_without_functions_waits_for_the_remaining_interfaces() -> None:
    engine = create_account(FakeNetwork([interface(1)]), deployed={"foundation"})
    create_destroyer(engine).destroy(select_layers(["foundation"]))
    assert engine.calls == ["destroy foundation"]
    assert engine.interfaces_left == {"foundation": 0}


def test_credentials_without_access_to_interfaces_delete_nothing() -> None:
    engine = create_account(FakeNetwork(may_look=False))
    with pytest.raises(UserError) as refused:
        create_destroyer(engine).destroy(FOUR)
    assert refused.value.status == 1
    assert engine.calls == []


def test_functions_that_cannot_be_deleted_keep_their_layers() -> None:
    engine = create_account(FakeNetwork([interface(1)]), failures={"edge": "edge: busy"})
    with pytest.raises(PartialFailureError):
        create_destroyer(engine).destroy(FOUR)
    assert engine.interfaces_left == {}


def test_layer_without_functions_is_destroyed_without_access_to_the_network() -> None:
    engine = create_account(FakeNetwork(may_look=False), deployed={"foundation", "data"})
    create_destroyer(engine).destroy(select_layers(["data"]))
    assert engine.calls == ["destroy data"]


def test_embedded_aws_has_no_interfaces_to_wait_for() -> None:
    engine = create_account(FakeNetwork([interface(1)]))
    create_destroyer(engine, "local").destroy(FOUR)
    assert set(engine.calls[:2]) == {"destroy edge", "destroy processing"}
    assert engine.network.slept == 0
