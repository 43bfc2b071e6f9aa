"""The rules that transactions are scored by: from the file that people edit into the function's zip."""

from collections.abc import Mapping
from pathlib import Path

from detection.rules.check import rules_of

PACKAGED_AS = "functions/fraud/rules.json"


def packaged_rules(file: Path, packaged_as: str = PACKAGED_AS) -> Mapping[str, bytes]:
    """The file's rules, compiled, by their path in the zip. Raises RulesError: what is wrong, and where."""
    return {packaged_as: rules_of(file, file.name).to_json()}
