import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.environments import ROOT, Environment
from orchestration.layers import Layer, find, select
from orchestration.planning.deployer import Deployer, Ways
from orchestration.planning.plan_file import SavedPlan, digests
from orchestration.pulumi.results import Step
from shared.contracts import RESERVED, DataOutputs
from terminal.errors import UserError
from tests.unit.orchestration.fake_engine import OUTPUTS, FakeEngine

CHOSEN = select(["data"])
STEP = Step("update", "aws:sqs/queue:Queue", "suspicious", ("visibilityTimeoutSeconds",))


class Place:
    """A copy of what the data layer is made of, everything deployed, and a plan for it."""

    def __init__(self, root: Path) -> None:
        for folder in ("stacks/data", "shared", "requirements"):
            shutil.copytree(ROOT / folder, root / folder)
        self.environment = Environment("prod", root)
        self.engine = FakeEngine(self.environment, deployed=set(OUTPUTS), steps={"data": (STEP,)})
        self.plan = root / "plan"
        self.deployer(print).save_plan(CHOSEN, self.plan)

    def deployer(self, confirm: Callable[[str, str], None]) -> Deployer:
        return Deployer(self.environment, self.engine, confirm, Ways(ask_name=True))

    def load(self, environment: str = "prod") -> SavedPlan:
        return SavedPlan.load(self.plan, Environment(environment, self.environment.root))

    def apply(self) -> None:
        self.deployer(print).deploy_saved(self.load())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_what_was_planned_is_shown_asked_for_and_done(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.apply()
    assert place.engine.calls == ["preview data", "up data as planned"]
    shown = capsys.readouterr().out
    assert "update  suspicious (aws:sqs/queue:Queue)  visibilityTimeoutSeconds" in shown
    assert "Deploy data to 'prod'?" in shown


def append(path: Path) -> None:
    path.write_text(path.read_text() + "\n# changed\n")


def take_foundation_away(place: Place) -> None:
    place.engine.gives["foundation"] = {**OUTPUTS["foundation"], "vpc_id": "another"}


def change_the_state(place: Place) -> None:
    place.engine.exported = lambda _: {"resources": ["another"]}  # type: ignore[method-assign]


def test_what_compiles_the_rules_is_code_of_the_layer_that_packages_them(place: Place) -> None:
    processing = find("processing")
    file = place.environment.root / "detection/rules/rule_file.py"
    file.parent.mkdir(parents=True)
    file.write_text("")
    before = digests(place.environment, processing, place.engine, place.deployer(print).neighbours)
    append(file)
    after = digests(place.environment, processing, place.engine, place.deployer(print).neighbours)
    assert [what for what in before if before[what] != after[what]] == ["the code of processing"]


@pytest.mark.parametrize(
    ("move", "what"),
    [
        (lambda place: append(place.environment.root / "stacks/data/alerts.py"), "the code of data"),
        (lambda place: append(place.environment.root / "shared/queues.py"), "the code of data"),
        (lambda place: append(place.environment.settings_file("data")), "the settings of data"),
        (change_the_state, "the state of data"),
        (take_foundation_away, "the outputs of foundation"),
    ],
)
def test_a_plan_is_refused_if_what_it_was_made_from_has_moved(
    place: Place, move: Callable[[Place], None], what: str
) -> None:
    move(place)
    with pytest.raises(UserError, match=f"no longer holds: since it was made, {what} changed"):
        place.apply()
    assert place.engine.calls == ["preview data"]


def test_files_of_others_may_change(place: Place) -> None:
    append(place.environment.settings_file("data").with_name("Pulumi.dev.yaml"))
    place.apply()


def test_a_plan_for_another_environment_is_refused(place: Place) -> None:
    with pytest.raises(UserError, match="The plan is for 'prod', not for 'dev'"):
        place.load("dev")


def test_a_folder_without_a_plan_says_how_to_make_one(place: Place, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no plan"):
        SavedPlan.load(tmp_path / "nothing", place.environment)


@pytest.mark.parametrize("text", ["{}", "no json", '{"format": 1, "environment": "prod", "layers": 3}'])
def test_a_broken_plan_is_one_clear_line(place: Place, text: str) -> None:
    (place.plan / "plan.json").write_text(text)
    with pytest.raises(UserError, match="cannot be read as a plan"):
        place.load()


def test_a_plan_of_another_version_is_refused(place: Place) -> None:
    content = json.loads((place.plan / "plan.json").read_text())
    (place.plan / "plan.json").write_text(json.dumps({**content, "format": 0}))
    with pytest.raises(UserError, match="another version"):
        place.load()


def test_a_folder_that_holds_something_else_is_left_alone(place: Place, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds something else than a plan"):
        place.deployer(print).save_plan(CHOSEN, tmp_path / "shared")


def test_what_is_made_of_placeholders_is_not_saved(place: Place, tmp_path: Path) -> None:
    place.engine.deployed.clear()
    both: tuple[Layer, ...] = select(["foundation", "data"])
    with pytest.raises(UserError, match="No plan was saved: what would happen to data is not known"):
        place.deployer(print).save_plan(both, tmp_path / "other")
    assert not (tmp_path / "other/plan.json").exists()


def test_a_layer_that_reads_what_the_same_plan_changes_is_not_saved(place: Place, tmp_path: Path) -> None:
    both = select(["foundation", "data"])
    reads = {"foundation": {"data_key_arn": "text"}}
    place.engine.will_give = {
        "foundation": {**OUTPUTS["foundation"], "vpc_id": "another"},
        "data": {**OUTPUTS["data"], RESERVED: {"gives": DataOutputs.types(), "reads": reads}},
    }
    place.deployer(print).save_plan(both, tmp_path / "other")
    place.engine.will_give["foundation"] = {**OUTPUTS["foundation"], "data_key_arn": "another"}
    with pytest.raises(
        UserError, match=r"to data is not known while it reads foundation\.data_key_arn, which"
    ):
        place.deployer(print).save_plan(both, tmp_path / "other")
    assert not (tmp_path / "other/plan.json").exists()


def test_a_plan_that_would_break_what_was_deployed_since_is_refused(place: Place) -> None:
    def deploy(consumer: str, reads: dict[str, str]) -> None:
        declared = {RESERVED: {"gives": {}, "reads": {"data": reads}}}
        place.engine.gives[consumer] = {**OUTPUTS[consumer], **declared}

    place.engine.gives["data"] = {**OUTPUTS["data"], "gone": "x"}
    deploy("edge", {})
    deploy("processing", {})
    place.deployer(print).save_plan(CHOSEN, place.plan)
    place.engine.calls.clear()
    deploy("processing", {"gone": "text"})
    with pytest.raises(UserError, match="data would no longer give gone, which processing uses as text"):
        place.apply()
    assert place.engine.calls == []
