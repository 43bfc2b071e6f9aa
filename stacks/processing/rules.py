"""The rules that transactions are scored by: from the file that people edit into the function's zip."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from functions.fraud.rules import RulesError, RuleSet

PACKAGED_AS = "functions/fraud/rules.json"


def packaged_rules(file: Path) -> Mapping[str, bytes]:
    """The file's rules by their path in the zip. Raises RulesError with the file and what is wrong in it."""
    try:
        return {PACKAGED_AS: RuleSet.from_data(yaml.safe_load(file.read_text(encoding="utf-8"))).to_json()}
    except FileNotFoundError:
        raise RulesError(f"{file.name}: there is no such file in stacks/processing") from None
    except (yaml.YAMLError, RulesError) as error:
        raise RulesError(f"{file.name}: {' '.join(str(error).split())}") from error
