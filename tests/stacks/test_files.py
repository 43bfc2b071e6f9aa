"""What goes into the fraud function's zip besides code: rules, model, candidates; and what is refused."""

import json
import re
import shutil
from pathlib import Path

import pytest

from functions.common.domain.features import NAMES, VERSION
from functions.fraud.scoring.model import FORMAT, ArtifactError
from functions.fraud.scoring.rules import RulesError
from stacks.processing.files import read_files
from stacks.processing.settings import ProcessingSettings
from tests.stacks.recording import ROOT

RULES = ROOT / "stacks" / "processing" / "rules.yaml"
# One tree that is a leaf: as little as a model can be.
LEAF = {"roots": [0], "features": [-1], "thresholds": [0.0], "left": [0], "unknown": [0], "values": [0.0]}
ARTIFACT = {
    "format": FORMAT,
    "features_version": VERSION,
    "features": list(NAMES),
    "label_delay_days": 7,
    "base": -4.0,
    "trees": LEAF,
    "threshold": 0.5,
    "card": {},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One with files of rules and an artifact, as stacks/processing may be."""
    for name in ("rules.yaml", "rules-next.yaml"):
        shutil.copy(RULES, tmp_path / name)
    (tmp_path / "model.json").write_text(json.dumps(ARTIFACT))
    return tmp_path


def test_rules_alone_are_enough(folder: Path) -> None:
    assert set(read_files(ProcessingSettings(), folder)) == {"functions/fraud/rules.json"}


def test_model_and_candidates_are_packaged_where_the_function_looks_for_them(folder: Path) -> None:
    settings = ProcessingSettings(
        model_file="model.json", candidate_rules_file="rules-next.yaml", candidate_model_file="model.json"
    )
    files = read_files(settings, folder)
    assert set(files) == {
        f"functions/fraud/{name}.json" for name in ("rules", "model", "candidate_rules", "candidate_model")
    }
    assert files["functions/fraud/model.json"] == (folder / "model.json").read_bytes()


@pytest.mark.parametrize(
    "settings",
    [
        ProcessingSettings(model_file="lost.json"),
        ProcessingSettings(candidate_model_file="lost.json"),
        ProcessingSettings(candidate_rules_file="lost.yaml"),
        ProcessingSettings(rules_file="lost.yaml"),
    ],
)
def test_a_file_that_is_not_there_is_named(folder: Path, settings: ProcessingSettings) -> None:
    with pytest.raises((ArtifactError, RulesError), match=r"lost\.(json|yaml)"):
        read_files(settings, folder)


def test_an_artifact_for_features_of_another_version_is_refused_with_its_files_name(folder: Path) -> None:
    (folder / "model.json").write_text(json.dumps({**ARTIFACT, "features_version": 999}))
    with pytest.raises(ArtifactError, match=re.escape("model.json: ") + ".*999"):
        read_files(ProcessingSettings(model_file="model.json"), folder)


@pytest.mark.parametrize("text", ["", "{}", "[]", "no JSON"])
def test_what_is_no_artifact_is_refused_in_one_line(folder: Path, text: str) -> None:
    (folder / "model.json").write_text(text)
    with pytest.raises(ArtifactError) as caught:
        read_files(ProcessingSettings(model_file="model.json"), folder)
    assert str(caught.value).startswith("model.json: ")
    assert "\n" not in str(caught.value)
