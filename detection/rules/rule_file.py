"""Rules files: reads a file, checks all of it and compiles it to a RuleSet."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

from yaml.nodes import Node, ScalarNode

from detection.rules.errors import Fault, FaultyRulesError, describe_unknown_name
from detection.rules.expression import compile_expression
from detection.rules.names import NAME_KINDS, UNAVAILABLE_NAMES
from detection.rules.negation import Form
from detection.rules.yaml_reader import YamlReader
from functions.common.domain.currencies import CURRENCIES, has_rate
from functions.fraud.scoring.expressions import LIMIT_PREFIX
from functions.fraud.scoring.rules import HardDecision, Limit, Mode, Rule, RulesError, RuleSet

_FILE_FIELDS = {"threshold": True, "limits": False, "rules": False}
_REMOVED_FIELDS = dict.fromkeys(
    ("block_list", "allow_list"), "lists are not part of this file: use invoke lists.add"
)
_RULE_FIELDS = dict.fromkeys(("id", "reason", "when"), True) | dict.fromkeys(
    ("weight", "decision", "mode", "from", "until", "expected_share"), False
)
_LIMIT_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MAX_ID_CHARACTERS = 64
# Reasons of list entries use these ids.
_RESERVED_IDS = ("block-list", "allow-list")
_MAX_REASON_CHARACTERS = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BRACES = re.compile(r"\{(?P<name>[^{}]*)\}|[{}]")
_DAY = timedelta(days=1)
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
    nodes = reader.read_fields(root, "the file", _FILE_FIELDS, _REMOVED_FIELDS)
    threshold = _read_share(reader, nodes["threshold"], "threshold") if "threshold" in nodes else None
    limits = _read_limits(reader, nodes["limits"]) if "limits" in nodes else {}
    rule_reader = _RuleReader(reader, limits)
    rule_nodes = reader.read_list(nodes["rules"], "rules") if "rules" in nodes else []
    rules = [rule for node in rule_nodes if (rule := rule_reader.read_rule(node))]
    if threshold is None or reader.faults:
        return None
    if not _is_threshold_reachable(rules, threshold):
        reader.add_fault(
            nodes["threshold"],
            "the sum of all weights is below the threshold: lower the threshold or raise weights",
        )
    return RuleSet(threshold=threshold, limits=limits | rule_reader.literals, rules=tuple(rules))


def _read_limits(reader: YamlReader, node: Node) -> dict[str, Limit]:
    limits = {}
    for name, (key, amount) in reader.read_mapping(node, "limits").items():
        if not _LIMIT_NAME.fullmatch(name):
            reader.add_fault(
                key, f"'{name}' is not a limit name: use a-z, 0-9 and _, beginning with a letter"
            )
        limits[name] = _read_limit(reader, amount, f"limit {name}")
    return limits


def _read_limit(reader: YamlReader, node: Node, label: str) -> Limit:
    """The limit of a node; a placeholder if the node has a fault."""
    limit = Limit(Decimal(1), "EUR")
    if not isinstance(node, ScalarNode):
        reader.add_fault(
            node, f"{label} must be one amount, such as 5000 EUR: it is converted to other currencies"
        )
        return limit
    number, _, currency = str(node.value).partition(" ")
    if not currency:
        reader.add_fault(node, f"{label} must be an amount with its currency, such as 5000 EUR")
        return limit
    amount = reader.parse_number(node, number, f"the amount of {label}")
    if currency not in CURRENCIES:
        reader.add_fault(node, f"unknown currency '{currency}': use an ISO 4217 code, such as EUR")
    elif not has_rate(currency):
        reader.add_fault(node, f"no exchange rate for {currency}: use an amount in another currency")
    return limit if amount is None else Limit(amount, currency)


def _is_threshold_reachable(rules: Sequence[Rule], threshold: float) -> bool:
    on = [rule for rule in rules if rule.mode == "on"]
    deciding = [rule for rule in on if rule.decision]
    return bool(deciding) or not on or round(sum(rule.weight or 0 for rule in on), _DIGITS) >= threshold


class _RuleReader:
    """Reads rules that can refer to `limits`. `literals` collects the amounts in expressions."""

    def __init__(self, reader: YamlReader, limits: Mapping[str, Limit]) -> None:
        self.literals: dict[str, Limit] = {}
        self._reader = reader
        self._limits = limits
        self._ids = set(_RESERVED_IDS)

    def read_rule(self, node: Node) -> Rule | None:
        """The rule of a node; None if it has faults."""
        faults_before = len(self._reader.faults)
        nodes = self._reader.read_fields(node, "the rule", _RULE_FIELDS)
        if nodes and ("weight" in nodes) == ("decision" in nodes):
            self._reader.add_fault(node, "the rule needs either a weight or a decision")
        readers: dict[str, Callable[[Node], Any]] = {
            "id": self._id,
            "reason": self._reason,
            "when": self._when,
            "weight": lambda value: _read_share(self._reader, value, "weight"),
            "decision": lambda value: self._reader.read_choice(value, "decision", get_args(HardDecision)),
            "mode": lambda value: self._reader.read_choice(value, "mode", get_args(Mode)),
            "from": lambda value: self._reader.read_day(value, "from"),
            "until": lambda value: self._reader.read_day(value, "until"),
            "expected_share": lambda value: _read_share(self._reader, value, "expected_share"),
        }
        fields: dict[str, Any] = {name: readers[name](value) for name, value in nodes.items()}
        first_day, last_day = fields.pop("from", None), fields.pop("until", None)
        if first_day and last_day and last_day < first_day:
            self._reader.add_fault(nodes["until"], "until is before from: use a later day")
        if len(self._reader.faults) > faults_before:
            return None
        # The last day is included.
        end = last_day and last_day + _DAY
        return Rule(**fields, valid_from=_to_milliseconds(first_day), valid_until=_to_milliseconds(end))

    def _id(self, node: Node) -> str | None:
        text = self._reader.read_string(node, "id")
        if text is not None and not (_ID.fullmatch(text) and len(text) <= _MAX_ID_CHARACTERS):
            self._reader.add_fault(
                node,
                f"not a valid id: use up to {_MAX_ID_CHARACTERS} characters of a-z, 0-9 and single hyphens",
            )
        if text in self._ids:
            self._reader.add_fault(node, f"the id {text} is not unique: use another id")
        self._ids.add(text or "")
        return text

    def _reason(self, node: Node) -> str | None:
        text = self._reader.read_string(node, "reason")
        if text is None:
            return None
        if not 0 < len(text) <= _MAX_REASON_CHARACTERS or _CONTROL.search(text):
            self._reader.add_fault(
                node, f"not a valid reason: use one line of 1 to {_MAX_REASON_CHARACTERS} characters"
            )
        allowed = [*NAME_KINDS, *(LIMIT_PREFIX + name for name in self._limits)]
        for match in _BRACES.finditer(text):
            if message := self._placeholder_fault(match["name"], allowed):
                self._reader.add_fault(node, message, match.start())
        return text

    @staticmethod
    def _placeholder_fault(name: str | None, allowed: Sequence[str]) -> str:
        if name is None:
            return "unmatched brace: add or remove one"
        if name in UNAVAILABLE_NAMES:
            return f"{name} is not available in reasons, which are sent by mail: remove it"
        return "" if name in allowed else describe_unknown_name("placeholder", name, allowed)

    def _when(self, node: Node) -> Form:
        text = self._reader.read_string(node, "when")
        if text is None:
            return None
        form, literals, faults = compile_expression(text, self._limits)
        for offset, message in faults:
            self._reader.add_fault(node, message, offset)
        self.literals |= literals
        return form


def _read_share(reader: YamlReader, node: Node, label: str) -> float | None:
    """A number above 0 and at most 1; None if the node holds no such number."""
    number = reader.read_number(node, label)
    if number is not None and number > 1:
        reader.add_fault(node, f"{label} must be at most 1")
    return None if number is None else float(number)


def _to_milliseconds(time: datetime | None) -> int | None:
    return None if time is None else int(time.timestamp() * 1000)
