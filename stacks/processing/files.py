"""The rules, the model and their candidates in the package of the function `fraud`."""

from collections.abc import Mapping
from pathlib import Path

from detection.rules.learned_rules import describe_unlearned_rules
from detection.rules.rule_file import read_rules
from functions.fraud.scoring.model import ArtifactError, FraudModel
from stacks.processing.settings import ProcessingSettings

FOLDER = "functions/fraud"
RULES = f"{FOLDER}/rules.json"
MODEL = f"{FOLDER}/model.json"
CANDIDATE_RULES = f"{FOLDER}/candidate_rules.json"
CANDIDATE_MODEL = f"{FOLDER}/candidate_model.json"


def read_files(settings: ProcessingSettings, folder: Path) -> dict[str, bytes]:
    """Read the files that the settings name in `folder`. Returns their contents by path in the package.

    `orchestration.layers` calls it by this name. Raises RulesError or ArtifactError, which name the file.
    """
    files = dict(_read_rules(folder / settings.rules_file, RULES))
    if settings.model_file:
        files |= _read_model(folder / settings.model_file, MODEL)
    if settings.candidate_rules_file:
        files |= _read_rules(folder / settings.candidate_rules_file, CANDIDATE_RULES)
    if settings.candidate_model_file:
        files |= _read_model(folder / settings.candidate_model_file, CANDIDATE_MODEL)
    return files


def describe_files(settings: ProcessingSettings, folder: Path) -> list[str]:
    """Notes about files that `read_files` accepts: rules that the model was not trained with.

    `orchestration.layers` calls it by this name.
    """
    if not settings.model_file:
        return []
    rules = read_rules(folder / settings.rules_file, settings.rules_file)
    note = describe_unlearned_rules(rules, FraudModel.from_json((folder / settings.model_file).read_bytes()))
    return [note] if note else []


def _read_rules(file: Path, packaged_as: str) -> Mapping[str, bytes]:
    """Compile the rules. Raises RulesError."""
    return {packaged_as: read_rules(file, file.name).to_json()}


def _read_model(file: Path, packaged_as: str) -> Mapping[str, bytes]:
    """Validate the artifact of `invoke train`, so that an invalid one fails before the deployment.

    Raises ArtifactError.
    """
    try:
        artifact = file.read_bytes()
        FraudModel.from_json(artifact)
    except FileNotFoundError:
        raise ArtifactError(
            f"{file.name}: the file does not exist in stacks/processing. Correct the setting or add the file"
        ) from None
    except ArtifactError as error:
        raise ArtifactError(f"{file.name}: {error}") from error
    return {packaged_as: artifact}
