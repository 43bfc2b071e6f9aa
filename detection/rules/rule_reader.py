"""The fields of one rule: its id, reason, condition, weight or decision, mode and validity."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

from yaml.nodes import Node

from detection.rules.errors import describe_unknown_name
from detection.rules.expression import compile_expression
from detection.rules.names import NAME_KINDS, UNAVAILABLE_NAMES
from detection.rules.negation import Form
from detection.rules.yaml_reader import YamlReader
from functions.fraud.scoring.expressions import LIMIT_PREFIX
from functions.fraud.scoring.rules import HardDecision, Mode, Rule

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MAX_ID_CHARACTERS = 64
_MAX_REASON_CHARACTERS = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BRACES = re.compile(r"\{(?P<name>[^{}]*)\}|[{}]")
_DAY = timedelta(days=1)
# Reasons of list entries use these ids.
_RESERVED_IDS = ("block-list", "allow-list")
_REQUIRED = ("id", "reason", "when")
_OPTIONAL = ("weight", "decision", "mode", "from", "until")
_FIELDS = dict.fromkeys(_REQUIRED, True) | dict.fromkeys(_OPTIONAL, False)


class RuleReader:
    """Reads rules that can refer to `limits`. `tables` collects the further limits that expressions need."""

    def __init__(self, reader: YamlReader, limits: Mapping[str, Mapping[str, Decimal]]) -> None:
        self.tables: dict[str, dict[str, Decimal]] = {}
        self._reader = reader
        self._limits = limits
        self._ids = set(_RESERVED_IDS)

    def read_rule(self, node: Node) -> Rule | None:
        """The rule of a node; None if it has faults."""
        faults_before = len(self._reader.faults)
        nodes = self._reader.read_fields(node, "the rule", _FIELDS)
        if nodes and ("weight" in nodes) == ("decision" in nodes):
            self._reader.add_fault(node, "the rule needs either a weight or a decision")
        readers: dict[str, Callable[[Node], Any]] = {
            "id": self._id,
            "reason": self._reason,
            "when": self._when,
            "weight": lambda value: read_weight(self._reader, value, "weight"),
            "decision": lambda value: self._reader.read_choice(value, "decision", get_args(HardDecision)),
            "mode": lambda value: self._reader.read_choice(value, "mode", get_args(Mode)),
            "from": lambda value: self._reader.read_day(value, "from"),
            "until": lambda value: self._reader.read_day(value, "until"),
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
        form, tables, faults = compile_expression(text, self._limits)
        for offset, message in faults:
            self._reader.add_fault(node, message, offset)
        self.tables |= tables
        return form


def read_weight(reader: YamlReader, node: Node, label: str) -> float | None:
    """A number above 0 and at most 1; None if the node holds no such number."""
    number = reader.read_number(node, label)
    if number is not None and number > 1:
        reader.add_fault(node, f"{label} must be at most 1")
    return None if number is None else float(number)


def _to_milliseconds(time: datetime | None) -> int | None:
    return None if time is None else int(time.timestamp() * 1000)
