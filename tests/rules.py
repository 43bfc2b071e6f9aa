"""Rules as tests write them: as data, with what a test is not about left out."""

from typing import Any

import yaml

from detection.rules.rule_file import rules_in
from functions.fraud.scoring.rules import RuleSet

FILE = "rules.yaml"


def rule(**changes: Any) -> dict[str, Any]:
    """A rule that is valid; a field is left out by None."""
    fields = {"id": "over", "reason": "Over", "when": "amount > limits.large", "weight": 0.5} | changes
    return {name: value for name, value in fields.items() if value is not None}


def ruleset(*rules: dict[str, Any], **changes: Any) -> RuleSet:
    """The rules of a file with these; `changes` are other parts of the file."""
    limits = {"large": {"USD": 100, "JPY": 15_000}}
    data = {"threshold": 0.5, "limits": limits, "rules": list(rules)} | changes
    return rules_in(yaml.safe_dump(data), FILE)


def when(expression: str, **changes: Any) -> RuleSet:
    """One rule with that condition."""
    return ruleset(rule(when=expression), **changes)
