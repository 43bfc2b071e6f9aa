"""Rules for tests, with defaults for the fields that a test does not need."""

from typing import Any

import yaml

from detection.rules.rule_file import parse_rules
from functions.fraud.scoring.rules import RuleSet

FILE = "rules.yaml"


def rule_data(**changes: Any) -> dict[str, Any]:
    """A valid rule as data; None omits a field."""
    fields = {"id": "over", "reason": "Over", "when": "amount > limits.large", "weight": 0.5} | changes
    return {name: value for name, value in fields.items() if value is not None}


def ruleset(*rules: dict[str, Any], **changes: Any) -> RuleSet:
    """The rule set of a file with these rules; `changes` are other sections of the file."""
    limits = {"large": "100 USD"}
    data = {"threshold": 0.5, "limits": limits, "rules": list(rules)} | changes
    return parse_rules(yaml.safe_dump(data), FILE)


def ruleset_for_condition(expression: str, **changes: Any) -> RuleSet:
    """A rule set of one rule with this condition."""
    return ruleset(rule_data(when=expression), **changes)
