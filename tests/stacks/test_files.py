"""Rules, model and candidates in the package of the function `fraud`."""

import json
import shutil
from pathlib import Path

import pytest

from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION
from functions.fraud.scoring.model import ARTIFACT_FORMAT, ArtifactError
from functions.fraud.scoring.rules import RulesError
from stacks.processing.files import read_files
from stacks.processing.settings import ProcessingSettings
from tests.stacks.recording import ROOT

RULES = ROOT / "stacks" / "processing" / "rules.yaml"
# One tree that is a leaf, the smallest valid model.
LEAF = {"roots": [0], "features": [-1], "thresholds": [0.0], "left": [0], "unknown": [0], "values": [0.0]}
ARTIFACT = {
    "format": ARTIFACT_FORMAT,
    "features_version": FEATURES_VERSION,
    "features": list(FEATURE_NAMES),
    "label_delay_days": 7,
    "base": -4.0,
    "trees": LEAF,
    "threshold": 0.5,
    "card": {},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with rules and a model, like stacks/processing."""
    for name in ("rules.yaml", "rules-next.yaml"):
        shutil.copy(RULES, tmp_path / name)
    (tmp_path / "model.json").write_text(json.dumps(ARTIFACT))
    return tmp_path


def test_rules_are_sufficient(folder: Path) -> None:
    assert set(read_files(ProcessingSettings(), folder)) == {"functions/fraud/rules.json"}


def test_model_and_candidates_are_packaged_under_their_paths(folder: Path) -> None:
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
def test_missing_file_is_reported(folder: Path, settings: ProcessingSettings) -> None:
    with pytest.raises((ArtifactError, RulesError), match=r"lost\.(json|yaml)"):
        read_files(settings, folder)


def test_artifact_for_another_version_of_the_features_is_refused(folder: Path) -> None:
    (folder / "model.json").write_text(json.dumps({**ARTIFACT, "features_version": 999}))
    with pytest.raises(ArtifactError, match=r"model\.json"):
        read_files(ProcessingSettings(model_file="model.json"), folder)


@pytest.mark.parametrize("text", ["", "{}", "[]", "no JSON"])
def test_malformed_artifact_is_reported_on_one_line(folder: Path, text: str) -> None:
    (folder / "model.json").write_text(text)
    with pytest.raises(ArtifactError) as caught:
        read_files(ProcessingSettings(model_file="model.json"), folder)
    assert "model.json" in str(caught.value)
    assert "\n" not in str(caught.value)
