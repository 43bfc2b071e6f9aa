import json
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from orchestration import layers
from orchestration.environments import find
from orchestration.layers import Layer
from orchestration.planning.deployer import Deployer, Ways
from orchestration.pulumi.results import Step
from terminal.errors import PartlyDoneError, UserError
from tests.unit.orchestration.fake_engine import OUTPUTS, FakeEngine

FOUR = layers.select(["foundation", "data", "processing", "edge"])
ALL = {layer.name for layer in FOUR}


@dataclass
class User:
    """Answers the question, and remembers it, with the word to be typed, if there is one."""

    agrees: bool = True
    questions: list[str] = field(default_factory=list)

    def __call__(self, question: str, word: str) -> None:
        self.questions.append(f"{question} {word}".rstrip())
        if not self.agrees:
            raise UserError("Nothing was changed.")


def deployer(env: str, user: User, engine: FakeEngine, *, as_json: bool = False, **ways: Any) -> Deployer:
    chosen = Ways(as_json=as_json, plan_first=env != "local", ask_name=env == "prod", **ways)
    return Deployer(find(env), engine, user, chosen, all_layers=FOUR)


def test_local_is_deployed_without_a_preview_or_a_question() -> None:
    user, engine = User(), FakeEngine(find("local"))
    deployer("local", user, engine).deploy(FOUR)
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
        deployer("prod", User(agrees=False), engine).deploy(FOUR)
    assert all(call.startswith("preview") for call in engine.calls)


def test_nothing_is_deployed_if_the_preview_fails() -> None:
    user, engine = User(), FakeEngine(find("prod"), deployed=set(ALL), breaks={"edge": "edge: no"})
    with pytest.raises(UserError, match="Nothing was changed: edge"):
        deployer("prod", user, engine).deploy(FOUR)
    assert user.questions == []


def test_an_empty_account_is_previewed_with_placeholders_and_then_deployed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine = FakeEngine(find("dev"))
    deployer("dev", User(), engine).deploy(FOUR)
    assert engine.placeholders["edge"] == {"foundation", "data"}
    assert "PLACEHOLDERS stand in for the outputs of data, foundation" in capsys.readouterr().out
    assert engine.deployed == ALL


def test_an_output_that_comes_with_the_same_deployment_has_a_placeholder_of_its_own() -> None:
    known = {name: value for name, value in OUTPUTS["data"].items() if name != "table_arn"}
    engine = FakeEngine(find("dev"), deployed=set(ALL), gives={"data": known})
    deployer("dev", User(), engine).preview(FOUR)
    assert engine.placeholders["edge"] == {"data.table_arn"}
    deployer("dev", User(), engine).preview(layers.select(["edge"]))
    assert engine.placeholders["edge"] == frozenset()


def test_an_output_that_is_retyped_in_the_same_deployment_has_a_placeholder_too() -> None:
    retyped = {**OUTPUTS["data"], "retention_days": "30"}
    engine = FakeEngine(find("dev"), deployed=set(ALL), gives={"data": retyped})
    deployer("dev", User(), engine).preview(FOUR)
    assert engine.placeholders["edge"] == {"data.retention_days"}


def test_what_would_lose_data_is_said_first_and_in_prod_the_name_is_to_be_typed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    user, step = User(), Step("replace", "aws:dynamodb/table:Table", "transactions", ("hashKey",))
    engine = FakeEngine(find("prod"), deployed=set(ALL), steps={"data": (step,)})
    deployer("prod", user, engine).deploy(layers.select(["data"]))
    assert user.questions == ["Deploy data to 'prod'? prod"]
    shown = capsys.readouterr().out
    assert "transactions (aws:dynamodb/table:Table) would be replaced (changed: hashKey): every item" in shown


def test_an_output_that_a_deployed_layer_uses_cannot_be_taken_away() -> None:
    less = {name: value for name, value in OUTPUTS["data"].items() if name != "table_arn"}
    engine = FakeEngine(find("prod"), deployed=set(ALL), will_give={"data": less})
    with pytest.raises(UserError, match="data would no longer give table_arn, which processing and edge use"):
        deployer("prod", User(), engine).deploy(layers.select(["data"]))
    assert engine.calls == ["preview data"]


def test_consumers_of_changed_outputs_are_named_with_the_command_to_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = {**OUTPUTS["data"], "table_arn": "another"}
    engine = FakeEngine(find("local"), deployed=set(ALL), will_give={"data": other})
    deployer("local", User(), engine).deploy(layers.select(["data"]))
    said = capsys.readouterr().err
    assert "edge is stale: it was deployed with another value of data.table_arn." in said
    assert "invoke deploy --env local --layer processing --layer edge" in said


def test_the_state_is_kept_and_the_history_told_before_anything_changes() -> None:
    engine = FakeEngine(find("local"))
    kept: list[str] = []

    def backup(layer: Layer) -> None:
        assert f"up {layer.name}" not in engine.calls
        kept.append(layer.name)

    way = deployer(
        "local", User(), engine, backup=backup, message=lambda verb, layer: f"{verb}: {layer.name}"
    )
    way.deploy(layers.select(["foundation"]))
    assert kept == ["foundation"]
    assert engine.messages == ["deploy: foundation"]


def test_a_report_is_written_to_a_file_too(tmp_path: Path) -> None:
    engine, file = FakeEngine(find("local")), tmp_path / "report.json"
    deployer("local", User(), engine, report=file, commit="1a2b3c4").deploy(layers.select(["foundation"]))
    [report] = json.loads(file.read_text())
    assert (report["layer"], report["commit"], report["result"]) == ("foundation", "1a2b3c4", "done")


def test_a_report_that_cannot_be_written_is_refused_before_anything_changes(tmp_path: Path) -> None:
    engine = FakeEngine(find("prod"), deployed=set(ALL))
    with pytest.raises(UserError, match=r"nowhere/report\.json cannot be written"):
        deployer("prod", User(), engine, report=tmp_path / "nowhere/report.json").deploy(FOUR)
    assert engine.calls == []


def test_where_nothing_is_deployed_scripts_get_an_empty_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    deployer("prod", User(), FakeEngine(find("prod")), as_json=True, report=report).report([])
    assert (json.loads(capsys.readouterr().out), json.loads(report.read_text())) == ([], [])


def test_a_layer_that_fails_after_others_changed_has_an_exit_status_of_its_own() -> None:
    engine = FakeEngine(find("local"), breaks={"data": "data: no"})
    with pytest.raises(PartlyDoneError) as caught:
        deployer("local", User(), engine).deploy(FOUR)
    assert caught.value.status == 3


def test_a_layer_without_its_upstream_says_what_to_deploy_first() -> None:
    engine = FakeEngine(find("local"), deployed={"foundation"})
    with pytest.raises(UserError, match=r"edge reads data, .* invoke deploy --env local --layer data"):
        deployer("local", User(), engine).deploy(layers.select(["edge"]))
    assert engine.calls == []


def test_a_failed_layer_is_named_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    engine = FakeEngine(find("local"), breaks={"data": "data: the queue broke"})
    with pytest.raises(UserError, match=r"^Not deployed: data\.$"):
        deployer("local", User(), engine).deploy(FOUR)
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
    deployer("local", user, engine).destroy(FOUR)
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
        deployer("prod", User(), engine).destroy(FOUR)
    assert engine.calls == []


def test_a_layer_that_cannot_be_destroyed_keeps_those_it_reads() -> None:
    engine = FakeEngine(find("local"), deployed=set(ALL), breaks={"edge": "edge: busy"})
    with pytest.raises(UserError, match="Not destroyed: edge"):
        deployer("local", User(), engine).destroy(FOUR)
    assert engine.deployed == {"foundation", "data", "edge"}


def test_a_layer_whose_update_was_cut_off_is_to_be_recovered_first() -> None:
    engine = FakeEngine(find("prod"), deployed=set(ALL))
    urn = "urn:pulumi:prod::fraud-data::aws:sqs/queue:Queue::suspicious"
    state = {"pending_operations": [{"type": "creating", "resource": {"urn": urn}}]}
    engine.exported = lambda _: state  # type: ignore[method-assign]
    user = User()
    with pytest.raises(UserError, match=r"cut off.*suspicious.*recover --env prod --layer data"):
        deployer("prod", user, engine).deploy(layers.select(["data"]))
    assert user.questions == []
    assert engine.calls == ["preview data"]


def test_ctrl_c_still_tells_what_was_done_by_then(capsys: pytest.CaptureFixture[str]) -> None:
    engine = FakeEngine(find("local"))

    def message(_: str, layer: Layer) -> str:
        if layer.name == "data":
            signal.raise_signal(signal.SIGINT)
        return ""

    with pytest.raises(KeyboardInterrupt):
        deployer("local", User(), engine, message=message, parallel=1).deploy(layers.LAYERS)
    shown = capsys.readouterr().out
    assert "foundation" in shown
    assert "edge" not in shown
    assert sorted(engine.calls) == ["interrupt", "up data", "up foundation"]
