"""Rules files: reads a file, checks all of it and compiles it to a RuleSet."""

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from yaml.nodes import Node

from detection.rules.errors import Fault, FaultyRulesError
from detection.rules.rule_reader import RuleReader, read_weight
from detection.rules.yaml_reader import YamlReader
from functions.common.domain.currencies import CURRENCIES
from functions.fraud.scoring.rules import DEFAULT_LIMIT, Rule, RulesError, RuleSet

_FIELDS = {"threshold": True, "limits": False, "rules": False}
_REMOVED_FIELDS = dict.fromkeys(
    ("block_list", "allow_list"), "lists are not part of this file: use invoke lists.add"
)
_LIMIT_NAME = re.compile(r"[a-z][a-z0-9_]*")
# Scores are rounded to the same digits: 0.7 + 0.1 must reach a threshold of 0.8.
_DIGITS = 6


def read_rules(file: Path, display_name: str = "") -> RuleSet:
    """The rules in a file. `display_name` replaces the path in messages.

    Raises FaultyRulesError with all faults, or RulesError if the file is not readable.
    """
    name = display_name or str(file)
    try:
        return parse_rules(file.read_text(encoding="utf-8-sig"), name)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise FaultyRulesError(name, [Fault(line, 1, "the line is not UTF-8: save it as UTF-8")]) from None
    except OSError as error:
        raise RulesError(f"Cannot read {name}: {error.strerror}") from None


def parse_rules(text: str, file: str) -> RuleSet:
    """The rules in the text of `file`. Raises FaultyRulesError with all faults."""
    reader = YamlReader(text)
    root = reader.read_document()
    ruleset = _read_ruleset(reader, root) if root is not None else None
    if ruleset is None or reader.faults:
        raise FaultyRulesError(file, reader.faults)
    return ruleset


def _read_ruleset(reader: YamlReader, root: Node) -> RuleSet | None:
    nodes = reader.read_fields(root, "the file", _FIELDS, _REMOVED_FIELDS)
    threshold = read_weight(reader, nodes["threshold"], "threshold") if "threshold" in nodes else None
    limits = _read_limits(reader, nodes["limits"]) if "limits" in nodes else {}
    rule_reader = RuleReader(reader, limits)
    rule_nodes = reader.read_list(nodes["rules"], "rules") if "rules" in nodes else []
    rules = [rule for node in rule_nodes if (rule := rule_reader.read_rule(node))]
    if threshold is None or reader.faults:
        return None
    if not _is_threshold_reachable(rules, threshold):
        reader.add_fault(
            nodes["threshold"],
            "the sum of all weights is below the threshold: lower the threshold or raise weights",
        )
    return RuleSet(threshold=threshold, limits=limits | rule_reader.tables, rules=tuple(rules))


def _read_limits(reader: YamlReader, node: Node) -> dict[str, dict[str, Decimal]]:
    limits = {}
    for name, (key, table) in reader.read_mapping(node, "limits").items():
        if not _LIMIT_NAME.fullmatch(name):
            reader.add_fault(
                key, f"'{name}' is not a limit name: use a-z, 0-9 and _, beginning with a letter"
            )
        limits[name] = _read_limit(reader, table, name)
    return limits


def _read_limit(reader: YamlReader, node: Node, name: str) -> dict[str, Decimal]:
    amounts = {}
    for currency, (key, value) in reader.read_mapping(node, f"limit {name}").items():
        if currency != DEFAULT_LIMIT and currency not in CURRENCIES:
            reader.add_fault(key, f"unknown currency '{currency}': use an ISO 4217 code or '{DEFAULT_LIMIT}'")
        if (amount := reader.read_number(value, f"the limit for {currency}")) is not None:
            amounts[currency] = amount
    return amounts


def _is_threshold_reachable(rules: Sequence[Rule], threshold: float) -> bool:
    on = [rule for rule in rules if rule.mode == "on"]
    deciding = [rule for rule in on if rule.decision]
    return bool(deciding) or not on or round(sum(rule.weight or 0 for rule in on), _DIGITS) >= threshold
