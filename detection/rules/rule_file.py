"""Checks a file of rules and compiles it: either it can be used, or all that is wrong with it is named."""

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from yaml.nodes import Node

from detection.rules.errors import Fault, FaultyRulesError
from detection.rules.rule_reader import RuleReader, weight
from detection.rules.yaml_reader import Reader
from functions.common.domain.currencies import CURRENCIES
from functions.fraud.scoring.rules import DEFAULT, Rule, RulesError, RuleSet

_FIELDS = {"threshold": True, "limits": False, "rules": False}
_GONE = dict.fromkeys(("block_list", "allow_list"), "lists are no longer in this file: invoke lists.add")
_LIMIT_NAME = re.compile(r"[a-z][a-z0-9_]*")
# As scores are: 0.7 + 0.1 must reach a threshold of 0.8.
_DIGITS = 6


def rules_of(file: Path, called: str = "") -> RuleSet:
    """The rules in a file, by its path or what it is called in messages.

    Raises FaultyRulesError with all that is wrong, or RulesError if there is no file.
    """
    called = called or str(file)
    try:
        return rules_in(file.read_text(encoding="utf-8-sig"), called)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise FaultyRulesError(called, [Fault(line, 1, "this line is not UTF-8")]) from None
    except OSError as error:
        raise RulesError(f"{called}: {error.strerror}") from None


def rules_in(text: str, file: str) -> RuleSet:
    """The rules in the text of a file of this name. Raises FaultyRulesError with all that is wrong."""
    reader = Reader(text)
    root = reader.document()
    ruleset = _ruleset(reader, root) if root is not None else None
    if ruleset is None or reader.faults:
        raise FaultyRulesError(file, reader.faults)
    return ruleset


def _ruleset(reader: Reader, root: Node) -> RuleSet | None:
    nodes = reader.fields(root, "the file", _FIELDS, _GONE)
    threshold = weight(reader, nodes["threshold"], "threshold") if "threshold" in nodes else None
    limits = _limits(reader, nodes["limits"]) if "limits" in nodes else {}
    of_rules = RuleReader(reader, limits)
    each = reader.sequence(nodes["rules"], "rules") if "rules" in nodes else []
    rules = [rule for node in each if (rule := of_rules.rule(node))]
    if threshold is None or reader.faults:
        return None
    if not _reachable(rules, threshold):
        reader.fault(nodes["threshold"], "all weights together do not reach it: no rule would have an effect")
    return RuleSet(threshold=threshold, limits=limits | of_rules.tables, rules=tuple(rules))


def _limits(reader: Reader, node: Node) -> dict[str, dict[str, Decimal]]:
    limits = {}
    for name, (key, table) in reader.mapping(node, "limits").items():
        if not _LIMIT_NAME.fullmatch(name):
            reader.fault(key, "a limit's name has small letters, digits and _, and begins with a letter")
        limits[name] = _table(reader, table, name)
    return limits


def _table(reader: Reader, node: Node, name: str) -> dict[str, Decimal]:
    found = {}
    for currency, (key, value) in reader.mapping(node, f"limit {name}").items():
        if currency != DEFAULT and currency not in CURRENCIES:
            reader.fault(key, f"'{currency}' is no currency in ISO 4217, nor '{DEFAULT}'")
        if (amount := reader.number(value, f"the limit for {currency}")) is not None:
            found[currency] = amount
    return found


def _reachable(rules: Sequence[Rule], threshold: float) -> bool:
    on = [rule for rule in rules if rule.mode == "on"]
    hard = [rule for rule in on if rule.decision]
    return bool(hard) or not on or round(sum(rule.weight or 0 for rule in on), _DIGITS) >= threshold
