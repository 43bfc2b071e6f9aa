"""What the fraud function decides by, for its zip: rules, the model if there is one, candidates for both."""

from pathlib import Path
from typing import TYPE_CHECKING

from stacks.processing.model import packaged_model
from stacks.processing.rules import packaged_rules

if TYPE_CHECKING:
    from stacks.processing.settings import ProcessingSettings

CANDIDATE_RULES = "functions/fraud/candidate_rules.json"
CANDIDATE_MODEL = "functions/fraud/candidate_model.json"


def packaged_scorers(settings: "ProcessingSettings", folder: Path) -> dict[str, bytes]:
    """The files that the settings name in `folder`, by their path in the zip.

    Raises RulesError or ArtifactError, with the file at fault.
    """
    files = dict(packaged_rules(folder / settings.rules_file))
    if settings.model_file:
        files |= packaged_model(folder / settings.model_file)
    if settings.candidate_rules_file:
        files |= packaged_rules(folder / settings.candidate_rules_file, CANDIDATE_RULES)
    if settings.candidate_model_file:
        files |= packaged_model(folder / settings.candidate_model_file, CANDIDATE_MODEL)
    return files
