"""The files that the settings name, for the fraud function's zip: rules, model, and candidates for both."""

from collections.abc import Mapping
from pathlib import Path

from detection.rules.rule_file import rules_of
from functions.fraud.scoring.model import ArtifactError, Model
from stacks.processing.settings import ProcessingSettings

RULES = "functions/fraud/rules.json"
MODEL = "functions/fraud/model.json"
CANDIDATE_RULES = "functions/fraud/candidate_rules.json"
CANDIDATE_MODEL = "functions/fraud/candidate_model.json"


def read_files(settings: ProcessingSettings, folder: Path) -> dict[str, bytes]:
    """Compile and check the files in `folder`; returns their contents by path in the zip.

    Raises RulesError or ArtifactError, which name the file.
    """
    files = dict(_read_rules(folder / settings.rules_file, RULES))
    if settings.model_file:
        files |= _read_model(folder / settings.model_file, MODEL)
    if settings.candidate_rules_file:
        files |= _read_rules(folder / settings.candidate_rules_file, CANDIDATE_RULES)
    if settings.candidate_model_file:
        files |= _read_model(folder / settings.candidate_model_file, CANDIDATE_MODEL)
    return files


def _read_rules(file: Path, packaged_as: str) -> Mapping[str, bytes]:
    """Compile the file; returns the rules by their path in the zip. Raises RulesError."""
    return {packaged_as: rules_of(file, file.name).to_json()}


def _read_model(file: Path, packaged_as: str) -> Mapping[str, bytes]:
    """Check the artifact of `invoke train`; returns it by its path in the zip. Raises ArtifactError.

    An artifact that cannot be used, such as one for other features, fails before anything is deployed.
    """
    try:
        artifact = file.read_bytes()
        Model.from_json(artifact)
    except FileNotFoundError:
        raise ArtifactError(f"{file.name}: there is no such file in stacks/processing") from None
    except ArtifactError as error:
        raise ArtifactError(f"{file.name}: {error}") from error
    return {packaged_as: artifact}
