"""The files that the settings name, for the fraud function's zip: rules, model, and candidates for both."""

from pathlib import Path

from stacks.processing.model import packaged_model
from stacks.processing.rules import packaged_rules
from stacks.processing.settings import ProcessingSettings

CANDIDATE_RULES = "functions/fraud/candidate_rules.json"
CANDIDATE_MODEL = "functions/fraud/candidate_model.json"


def read_files(settings: ProcessingSettings, folder: Path) -> dict[str, bytes]:
    """Compile and check the files in `folder`; returns their contents by path in the zip.

    Raises RulesError or ArtifactError, which name the file.
    """
    files = dict(packaged_rules(folder / settings.rules_file))
    if settings.model_file:
        files |= packaged_model(folder / settings.model_file)
    if settings.candidate_rules_file:
        files |= packaged_rules(folder / settings.candidate_rules_file, CANDIDATE_RULES)
    if settings.candidate_model_file:
        files |= packaged_model(folder / settings.candidate_model_file, CANDIDATE_MODEL)
    return files
