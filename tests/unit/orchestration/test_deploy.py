import json
from dataclasses import dataclass, field

import pytest

from orchestration import layers
from orchestration.deploy import Deployer
from orchestration.environments import find
from orchestration.errors import UserError
from orchestration.layers import LAYERS
from tests.unit.orchestration.fake_engine import FakeEngine

ALL = {layer.name for layer in LAYERS}


@dataclass
class User:
    """Answers the question, and remembers it."""

    agrees: bool = True
    questions: list[str] = field(default_factory=list)

    def __call__(self, question: str) -> None:
        self.questions.append(question)
        if not self.agrees:
            raise UserError("Nothing was changed.")


def deployer(env: str, user: User, engine: FakeEngine, *, as_json: bool = False) -> Deployer:
    return Deployer(find(env), engine, user, as_json=as_json)


def test_local_is_deployed_without_a_preview_or_a_question() -> None:
    user, engine = User(), FakeEngine(find("local"))
    deployer("local", user, engine).deploy(LAYERS)
    assert engine.calls[:2] == ["up foundation", "up data"]
    assert sorted(engine.calls[2:]) == ["up edge", "up processing"]
    assert user.questions == []


def test_an_account_is_asked_for_after_a_preview() -> None:
    user, engine = User(), FakeEngine(find("prod"), deployed=set(ALL))
    deployer("prod", user, engine).deploy(layers.select(["data"]))
    assert engine.calls == ["preview data", "up data"]
    assert user.questions == ["Deploy data to 'prod'?"]


def test_nothing_is_deployed_if_the_user_does_not_agree() -> None:
    engine = FakeEngine(find("prod"), deployed=set(ALL))
    with pytest.raises(UserError, match="Nothing was changed"):
        deployer("prod", User(agrees=False), engine).deploy(LAYERS)
    assert all(call.startswith("preview") for call in engine.calls)


def test_nothing_is_deployed_if_the_preview_fails() -> None:
    user, engine = User(), FakeEngine(find("prod"), deployed=set(ALL), breaks={"edge": "edge: no"})
    with pytest.raises(UserError, match="Nothing was changed: edge"):
        deployer("prod", user, engine).deploy(LAYERS)
    assert user.questions == []


def test_an_empty_account_can_be_deployed_although_most_layers_cannot_be_previewed_yet() -> None:
    engine = FakeEngine(find("dev"))
    deployer("dev", User(), engine).deploy(LAYERS)
    assert engine.calls[0] == "preview foundation"
    assert engine.deployed == ALL


def test_a_layer_without_its_upstream_says_what_to_deploy_first(capsys: pytest.CaptureFixture[str]) -> None:
    engine = FakeEngine(find("local"), deployed={"foundation"})
    with pytest.raises(UserError, match="Not deployed: edge"):
        deployer("local", User(), engine).deploy(layers.select(["edge"]))
    assert "invoke deploy --env local --layer data" in capsys.readouterr().err
    assert engine.calls == []


def test_a_failed_layer_is_named_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    engine = FakeEngine(find("local"), breaks={"data": "data: the queue broke"})
    with pytest.raises(UserError, match=r"^Not deployed: data\.$"):
        deployer("local", User(), engine).deploy(LAYERS)
    shown = capsys.readouterr()
    assert "error: data: the queue broke" in shown.err
    assert "left out: data failed" in shown.out


def test_json_is_all_there_is_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    deployer("dev", User(), FakeEngine(find("dev")), as_json=True).deploy(layers.select(["foundation"]))
    [report] = json.loads(capsys.readouterr().out)
    assert report["layer"] == "foundation"
    assert report["result"] == "done"
    assert report["changes"] == {"create": 2, "update": 0, "replace": 0, "delete": 0, "same": 0}


def test_destroy_begins_with_those_that_read_others() -> None:
    user, engine = User(), FakeEngine(find("local"), deployed=set(ALL))
    deployer("local", user, engine).destroy(LAYERS)
    assert set(engine.calls[:2]) == {"destroy processing", "destroy edge"}
    assert engine.calls[2:] == ["destroy data", "destroy foundation"]
    assert user.questions == ["Delete every resource of foundation, data, processing, edge in 'local'?"]


def test_destroy_refuses_a_layer_that_another_one_reads() -> None:
    engine = FakeEngine(find("local"), deployed=set(ALL))
    with pytest.raises(UserError, match="processing is deployed and reads data"):
        deployer("local", User(), engine).destroy(layers.select(["data"]))
    assert engine.calls == []


def test_destroy_refuses_protected_resources_before_deleting_any() -> None:
    engine = FakeEngine(find("prod"), deployed=set(ALL), protects={"data": ["transactions (aws:dynamodb)"]})
    with pytest.raises(UserError, match="data has protected resources: transactions"):
        deployer("prod", User(), engine).destroy(LAYERS)
    assert engine.calls == []


def test_a_layer_that_cannot_be_destroyed_keeps_those_it_reads() -> None:
    engine = FakeEngine(find("local"), deployed=set(ALL), breaks={"edge": "edge: busy"})
    with pytest.raises(UserError, match="Not destroyed: edge"):
        deployer("local", User(), engine).destroy(LAYERS)
    assert engine.deployed == {"foundation", "data", "edge"}
