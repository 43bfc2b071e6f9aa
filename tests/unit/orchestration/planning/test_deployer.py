import json
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from orchestration.environments import find_environment
from orchestration.layers import LAYERS, Layer, select_layers
from orchestration.planning.deployer import Deployer
from orchestration.planning.runner import DeployOptions
from orchestration.pulumi.errors import LayerError
from orchestration.pulumi.results import OperationResult, Step
from shared.contracts import RESERVED
from terminal.errors import PartialFailureError, UserError
from tests.unit.orchestration.fake_engine import OUTPUTS, FakeEngine

FOUR = select_layers(["foundation", "data", "processing", "edge"])
ALL = {layer.name for layer in FOUR}


@dataclass
class FakeUser:
    """Answers the questions and records them, each with the word to type."""

    agrees: bool = True
    questions: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def __call__(self, question: str, word: str) -> None:
        self.questions.append(question)
        self.words.append(word)
        if not self.agrees:
            raise UserError("Nothing was changed.")


def run_program(layer: Layer) -> Mapping[str, Any]:
    return OUTPUTS[layer.name]


def create_deployer(
    env: str, user: FakeUser, engine: FakeEngine, *, as_json: bool = False, **options: Any
) -> Deployer:
    chosen = DeployOptions(as_json=as_json, ask_first=env != "local", ask_name=env == "prod", **options)
    return Deployer(find_environment(env), engine, user, chosen, all_layers=FOUR, run_program=run_program)


def test_local_is_deployed_without_a_preview_or_a_question() -> None:
    user, engine = FakeUser(), FakeEngine(find_environment("local"))
    create_deployer("local", user, engine).deploy(FOUR)
    assert engine.calls[:2] == ["up foundation", "up data"]
    assert sorted(engine.calls[2:]) == ["up edge", "up processing"]
    assert user.questions == []


def test_account_is_deployed_after_a_preview_and_a_question() -> None:
    user, engine = FakeUser(), FakeEngine(find_environment("prod"), deployed=set(ALL))
    create_deployer("prod", user, engine).deploy(select_layers(["data"]))
    assert engine.calls == ["preview data", "up data"]
    [question] = user.questions
    assert "data" in question
    assert "'prod'" in question
    assert user.words == [""]


def test_plan_is_passed_on_before_the_question() -> None:
    steps: list[str] = []
    engine = FakeEngine(find_environment("prod"), deployed=set(ALL))

    def ask(_question: str, _word: str) -> None:
        steps.append("question")

    options = DeployOptions(on_plan=lambda plan: steps.extend(result.layer.name for result in plan))
    deployer = Deployer(find_environment("prod"), engine, ask, options, all_layers=FOUR)
    deployer.deploy(select_layers(["data"]))
    assert steps == ["data", "question"]


def test_nothing_is_deployed_if_the_user_declines() -> None:
    engine = FakeEngine(find_environment("prod"), deployed=set(ALL))
    with pytest.raises(UserError):
        create_deployer("prod", FakeUser(agrees=False), engine).deploy(FOUR)
    assert all(call.startswith("preview") for call in engine.calls)


def test_nothing_is_deployed_if_a_preview_fails() -> None:
    user = FakeUser()
    engine = FakeEngine(find_environment("prod"), deployed=set(ALL), failures={"edge": "edge: no"})
    with pytest.raises(UserError) as failed:
        create_deployer("prod", user, engine).deploy(FOUR)
    assert "edge" in failed.value.message
    assert failed.value.status == 1
    assert user.questions == []


def test_empty_account_is_previewed_with_placeholders_and_then_deployed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine = FakeEngine(find_environment("dev"))
    create_deployer("dev", FakeUser(), engine).deploy(FOUR)
    assert engine.placeholders["edge"] == {"foundation", "data"}
    assert "PLACEHOLDERS" in capsys.readouterr().out
    assert engine.deployed == ALL


def test_output_that_the_same_deployment_adds_has_a_placeholder() -> None:
    current = {name: value for name, value in OUTPUTS["data"].items() if name != "alerts_topic_arn"}
    engine = FakeEngine(find_environment("dev"), deployed=set(ALL), current={"data": current})
    create_deployer("dev", FakeUser(), engine).preview(FOUR)
    assert engine.placeholders["edge"] == {"data.alerts_topic_arn"}
    create_deployer("dev", FakeUser(), engine).preview(select_layers(["edge"]))
    assert engine.placeholders["edge"] == frozenset()


def test_output_whose_type_the_same_deployment_changes_has_a_placeholder() -> None:
    current = {**OUTPUTS["data"], "retention_days": "30"}
    engine = FakeEngine(find_environment("dev"), deployed=set(ALL), current={"data": current})
    create_deployer("dev", FakeUser(), engine).preview(FOUR)
    assert engine.placeholders["edge"] == {"data.retention_days"}


def test_loss_of_data_is_shown_and_in_prod_the_name_has_to_be_typed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    user, step = FakeUser(), Step("replace", "aws:dynamodb/table:Table", "transactions", ("hashKey",))
    engine = FakeEngine(find_environment("prod"), deployed=set(ALL), steps={"data": (step,)})
    create_deployer("prod", user, engine).deploy(select_layers(["data"]))
    assert user.words == ["prod"]
    assert "! data: transactions (aws:dynamodb/table:Table)" in capsys.readouterr().out


def test_output_that_a_deployed_layer_reads_cannot_be_removed() -> None:
    future = {name: value for name, value in OUTPUTS["data"].items() if name != "alerts_topic_arn"}
    engine = FakeEngine(find_environment("prod"), deployed=set(ALL), future={"data": future})
    with pytest.raises(UserError) as refused:
        create_deployer("prod", FakeUser(), engine).deploy(select_layers(["data"]))
    for name in ("alerts_topic_arn", "processing", "edge"):
        assert name in refused.value.message
    assert engine.calls == ["preview data"]


def test_program_that_reads_a_missing_output_stops_local_before_the_first_change() -> None:
    def run(layer: Layer) -> Mapping[str, Any]:
        inputs = {"data": {"renamed": "string"}} if layer.name == "processing" else {}
        types = dict.fromkeys(OUTPUTS[layer.name], "string")
        return {**OUTPUTS[layer.name], RESERVED: {"outputs": types, "inputs": inputs}}

    engine = FakeEngine(find_environment("local"))
    options = DeployOptions(ask_first=False)
    environment = find_environment("local")
    deployer = Deployer(environment, engine, FakeUser(), options, all_layers=FOUR, run_program=run)
    with pytest.raises(UserError) as refused:
        deployer.deploy(FOUR)
    for name in ("processing", "data", "renamed"):
        assert name in refused.value.message
    assert engine.calls == []


def test_program_that_fails_stops_local_before_the_first_change() -> None:
    def run(layer: Layer) -> Mapping[str, Any]:
        raise UserError(f"the program of {layer.name} failed")

    engine = FakeEngine(find_environment("local"))
    options = DeployOptions(ask_first=False)
    environment = find_environment("local")
    with pytest.raises(UserError):
        Deployer(environment, engine, FakeUser(), options, all_layers=FOUR, run_program=run).deploy(FOUR)
    assert engine.calls == []


def test_stale_consumers_are_named_with_the_command_to_run(capsys: pytest.CaptureFixture[str]) -> None:
    future = {**OUTPUTS["data"], "alerts_topic_arn": "another"}
    engine = FakeEngine(find_environment("local"), deployed=set(ALL), future={"data": future})
    create_deployer("local", FakeUser(), engine).deploy(select_layers(["data"]))
    printed = capsys.readouterr().err
    assert "data.alerts_topic_arn" in printed
    assert "deploy --env local --layer processing --layer edge" in printed


def test_state_is_backed_up_before_the_update() -> None:
    engine = FakeEngine(find_environment("local"))
    saved: list[str] = []

    def backup(layer: Layer) -> None:
        assert f"up {layer.name}" not in engine.calls
        saved.append(layer.name)

    deployer = create_deployer("local", FakeUser(), engine, backup=backup)
    deployer.deploy(select_layers(["foundation"]))
    assert saved == ["foundation"]


def test_history_gets_the_composed_message() -> None:
    engine = FakeEngine(find_environment("local"))
    deployer = create_deployer(
        "local", FakeUser(), engine, message=lambda verb, layer: f"{verb}: {layer.name}"
    )
    deployer.deploy(select_layers(["foundation"]))
    assert engine.messages == ["deploy: foundation"]


def test_report_is_written_to_a_file(tmp_path: Path) -> None:
    engine, file = FakeEngine(find_environment("local")), tmp_path / "report.json"
    deployer = create_deployer("local", FakeUser(), engine, report=file, commit="1a2b3c4")
    deployer.deploy(select_layers(["foundation"]))
    [report] = json.loads(file.read_text())
    assert (report["layer"], report["commit"], report["result"]) == ("foundation", "1a2b3c4", "done")


def test_report_that_cannot_be_written_stops_the_deployment(tmp_path: Path) -> None:
    engine = FakeEngine(find_environment("prod"), deployed=set(ALL))
    file = tmp_path / "missing" / "report.json"
    with pytest.raises(UserError) as refused:
        create_deployer("prod", FakeUser(), engine, report=file).deploy(FOUR)
    assert str(file) in refused.value.message
    assert engine.calls == []


def test_scripts_get_an_empty_report_if_nothing_is_deployed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report.json"
    engine = FakeEngine(find_environment("prod"))
    create_deployer("prod", FakeUser(), engine, as_json=True, report=file).report([])
    assert (json.loads(capsys.readouterr().out), json.loads(file.read_text())) == ([], [])


def test_failure_after_other_changes_has_exit_code_3() -> None:
    engine = FakeEngine(find_environment("local"), failures={"data": "data: no"})
    with pytest.raises(PartialFailureError) as failed:
        create_deployer("local", FakeUser(), engine).deploy(FOUR)
    assert failed.value.status == 3


def test_failure_before_the_first_change_has_exit_code_1() -> None:
    engine = FakeEngine(find_environment("local"), failures={"foundation": "foundation: no"})
    with pytest.raises(UserError) as failed:
        create_deployer("local", FakeUser(), engine).deploy(FOUR)
    assert failed.value.status == 1


class FailingEngine(FakeEngine):
    """Fails in the update, before or after the change of a resource has started."""

    may_have_changed = True

    def up(
        self, layer: Layer, *, message: str = "", plan: Path | None = None, refresh: bool = False
    ) -> OperationResult:
        error = LayerError(f"{layer.name}: no")
        error.may_have_changed = self.may_have_changed
        raise error


@pytest.mark.parametrize(("may_have_changed", "status"), [(True, 3), (False, 1)])
def test_exit_code_depends_on_whether_a_change_has_started(may_have_changed: bool, status: int) -> None:
    engine = FailingEngine(find_environment("local"))
    engine.may_have_changed = may_have_changed
    with pytest.raises(UserError) as failed:
        create_deployer("local", FakeUser(), engine).deploy(FOUR)
    assert failed.value.status == status


def test_layer_without_its_upstream_names_the_layer_to_deploy_first() -> None:
    engine = FakeEngine(find_environment("local"), deployed={"foundation"})
    with pytest.raises(UserError) as refused:
        create_deployer("local", FakeUser(), engine).deploy(select_layers(["edge"]))
    assert "deploy --env local --layer data" in refused.value.hint
    assert engine.calls == []


def test_failed_layer_is_shown_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    engine = FakeEngine(find_environment("local"), failures={"data": "data: the queue broke"})
    with pytest.raises(UserError) as failed:
        create_deployer("local", FakeUser(), engine).deploy(FOUR)
    assert "data" in failed.value.message
    printed = capsys.readouterr()
    assert "data: the queue broke" in printed.err
    assert "left out: data failed" in printed.out


def test_json_is_the_only_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    engine = FakeEngine(find_environment("dev"))
    create_deployer("dev", FakeUser(), engine, as_json=True).deploy(select_layers(["foundation"]))
    [report] = json.loads(capsys.readouterr().out)
    assert report["layer"] == "foundation"
    assert report["result"] == "done"
    assert report["changes"] == {"create": 2, "update": 0, "replace": 0, "delete": 0, "same": 0}


def test_layer_with_pending_operations_has_to_be_recovered_first() -> None:
    engine = FakeEngine(find_environment("prod"), deployed=set(ALL))
    urn = "urn:pulumi:prod::fraud-data::aws:sqs/queue:Queue::suspicious"
    state = {"pending_operations": [{"type": "creating", "resource": {"urn": urn}}]}
    engine.export_deployment = lambda _: state  # type: ignore[method-assign]
    user = FakeUser()
    with pytest.raises(UserError) as refused:
        create_deployer("prod", user, engine).deploy(select_layers(["data"]))
    assert "suspicious" in refused.value.message
    assert "recover --env prod --layer data" in refused.value.hint
    assert user.questions == []
    assert engine.calls == ["preview data"]


def test_ctrl_c_shows_the_results_until_then(capsys: pytest.CaptureFixture[str]) -> None:
    engine = FakeEngine(find_environment("local"))

    def message(_: str, layer: Layer) -> str:
        if layer.name == "data":
            signal.raise_signal(signal.SIGINT)
        return ""

    with pytest.raises(KeyboardInterrupt):
        create_deployer("local", FakeUser(), engine, message=message, parallel=1).deploy(LAYERS)
    printed = capsys.readouterr().out
    assert "foundation" in printed
    assert "edge" not in printed
    assert sorted(engine.calls) == ["interrupt", "up data", "up foundation"]
