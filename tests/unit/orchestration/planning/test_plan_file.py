import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.environments import ROOT, Environment
from orchestration.layers import find_layer, select_layers
from orchestration.planning.deployer import Deployer
from orchestration.planning.plan_file import SavedPlan, compute_digests
from orchestration.planning.runner import Confirm, DeployOptions
from orchestration.pulumi.property_diff import PropertyChange
from orchestration.pulumi.results import Step
from shared.contracts import RESERVED, DataOutputs
from terminal.errors import UserError
from tests.unit.orchestration.fake_engine import OUTPUTS, FakeEngine

CHOSEN = select_layers(["data"])
STEP = Step(
    "update",
    "aws:sqs/queue:Queue",
    "suspicious",
    ("visibilityTimeoutSeconds",),
    (PropertyChange("visibilityTimeoutSeconds", 30, 360),),
)


class PlanFixture:
    """A copy of the files of the data layer, with all layers deployed and a plan saved for the data layer."""

    def __init__(self, root: Path) -> None:
        for folder in ("stacks/data", "shared", "requirements"):
            shutil.copytree(ROOT / folder, root / folder)
        self.environment = Environment("prod", root)
        self.engine = FakeEngine(self.environment, deployed=set(OUTPUTS), steps={"data": (STEP,)})
        self.folder = root / "plan"
        self.questions: list[str] = []
        self.create_deployer().save_plan(CHOSEN, self.folder)

    def create_deployer(self, confirm: Confirm | None = None) -> Deployer:
        def record(question: str, _word: str) -> None:
            self.questions.append(question)

        return Deployer(self.environment, self.engine, confirm or record, DeployOptions(ask_name=True))

    def load(self, environment: str = "prod") -> SavedPlan:
        return SavedPlan.load(self.folder, Environment(environment, self.environment.root))

    def apply(self) -> None:
        self.create_deployer().deploy_saved(self.load())

    def compute_digests(self, layer: str) -> dict[str, str]:
        contracts = self.create_deployer().contracts
        return compute_digests(self.environment, find_layer(layer), self.engine, contracts)


@pytest.fixture
def plan(tmp_path: Path) -> PlanFixture:
    return PlanFixture(tmp_path)


def test_saved_plan_is_shown_confirmed_and_applied(
    plan: PlanFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    plan.apply()
    assert plan.engine.calls == ["preview data", "up data as planned"]
    printed = capsys.readouterr().out
    assert "update  suspicious (aws:sqs/queue:Queue)" in printed
    assert "visibilityTimeoutSeconds  30 → 360" in printed
    assert len(plan.questions) == 1


def append_line(path: Path) -> None:
    path.write_text(path.read_text() + "\n# changed\n")


def change_upstream(plan: PlanFixture) -> None:
    plan.engine.current["foundation"] = {**OUTPUTS["foundation"], "vpc_id": "another"}


def change_state(plan: PlanFixture) -> None:
    plan.engine.export_deployment = lambda _: {"resources": ["another"]}  # type: ignore[method-assign]


def test_rule_compiler_is_code_of_the_layer_that_packages_the_rules(plan: PlanFixture) -> None:
    file = plan.environment.root / "detection/rules/rule_file.py"
    file.parent.mkdir(parents=True)
    file.write_text("")
    before = plan.compute_digests("processing")
    append_line(file)
    after = plan.compute_digests("processing")
    assert [name for name in before if before[name] != after[name]] == ["the code of processing"]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda plan: append_line(plan.environment.root / "stacks/data/__main__.py"), "the code of data"),
        (lambda plan: append_line(plan.environment.root / "shared/queues.py"), "the code of data"),
        (lambda plan: append_line(plan.environment.settings_file("data")), "the settings of data"),
        (change_state, "the state of data"),
        (change_upstream, "the outputs of foundation"),
    ],
)
def test_plan_is_refused_if_its_basis_changed(
    plan: PlanFixture, change: Callable[[PlanFixture], None], name: str
) -> None:
    change(plan)
    with pytest.raises(UserError) as refused:
        plan.apply()
    assert name in refused.value.message
    assert plan.engine.calls == ["preview data"]


def test_settings_of_another_environment_may_change(plan: PlanFixture) -> None:
    append_line(plan.environment.settings_file("data").with_name("Pulumi.dev.yaml"))
    plan.apply()


def test_plan_for_another_environment_is_refused(plan: PlanFixture) -> None:
    with pytest.raises(UserError) as refused:
        plan.load("dev")
    assert "--env prod" in refused.value.hint


def test_folder_without_a_plan_is_refused_with_the_command_to_make_one(
    plan: PlanFixture, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as refused:
        SavedPlan.load(tmp_path / "nothing", plan.environment)
    assert "deploy --env prod --plan" in refused.value.hint


@pytest.mark.parametrize("text", ["{}", "no json", '{"format": 1, "environment": "prod", "layers": 3}'])
def test_invalid_plan_is_refused(plan: PlanFixture, text: str) -> None:
    (plan.folder / "plan.json").write_text(text)
    with pytest.raises(UserError) as refused:
        plan.load()
    assert "plan.json" in refused.value.message


def edit_plan(plan: PlanFixture, **changed: object) -> None:
    content = json.loads((plan.folder / "plan.json").read_text())
    (plan.folder / "plan.json").write_text(json.dumps({**content, **changed}))


def test_plan_of_another_format_is_refused(plan: PlanFixture) -> None:
    edit_plan(plan, format=0)
    with pytest.raises(UserError):
        plan.load()


def test_plan_without_values_of_properties_is_loaded(plan: PlanFixture) -> None:
    content = json.loads((plan.folder / "plan.json").read_text())
    for step in content["layers"]["data"]["steps"]:
        del step["changes"]
    edit_plan(plan, layers=content["layers"])
    plan.apply()


def test_folder_with_other_files_is_refused(plan: PlanFixture, tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        plan.create_deployer().save_plan(CHOSEN, tmp_path / "shared")
    assert str(tmp_path / "shared") in refused.value.message
    assert (tmp_path / "shared/queues.py").exists()


def test_plan_with_placeholders_is_not_saved(plan: PlanFixture, tmp_path: Path) -> None:
    plan.engine.deployed.clear()
    with pytest.raises(UserError) as refused:
        plan.create_deployer().save_plan(select_layers(["foundation", "data"]), tmp_path / "other")
    assert "data" in refused.value.message
    assert not (tmp_path / "other/plan.json").exists()


def test_plan_is_not_saved_if_a_layer_reads_what_the_plan_changes(plan: PlanFixture, tmp_path: Path) -> None:
    layers = select_layers(["foundation", "data"])
    inputs = {"foundation": {"data_key_arn": "string"}}
    plan.engine.future = {
        "foundation": {**OUTPUTS["foundation"], "vpc_id": "another"},
        "data": {**OUTPUTS["data"], RESERVED: {"outputs": DataOutputs.types(), "inputs": inputs}},
    }
    plan.create_deployer().save_plan(layers, tmp_path / "other")
    plan.engine.future["foundation"] = {**OUTPUTS["foundation"], "data_key_arn": "another"}
    with pytest.raises(UserError) as refused:
        plan.create_deployer().save_plan(layers, tmp_path / "other")
    assert "foundation.data_key_arn" in refused.value.message
    assert not (tmp_path / "other/plan.json").exists()


def test_plan_that_would_break_a_later_deployment_is_refused(plan: PlanFixture) -> None:
    def deploy(consumer: str, inputs: dict[str, str]) -> None:
        declared = {RESERVED: {"outputs": {}, "inputs": {"data": inputs}}}
        plan.engine.current[consumer] = {**OUTPUTS[consumer], **declared}

    plan.engine.current["data"] = {**OUTPUTS["data"], "gone": "x"}
    deploy("edge", {})
    deploy("processing", {})
    plan.create_deployer().save_plan(CHOSEN, plan.folder)
    plan.engine.calls.clear()
    deploy("processing", {"gone": "string"})
    with pytest.raises(UserError) as refused:
        plan.apply()
    for name in ("data", "gone", "processing"):
        assert name in refused.value.message
    assert plan.engine.calls == []
