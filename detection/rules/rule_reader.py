"""Reads one rule of a file: its fields, its sentence, and its expression in compiled form."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

from yaml.nodes import Node

from detection.rules.errors import unknown
from detection.rules.expression import compiled
from detection.rules.names import LEFT_OUT, NAMES
from detection.rules.negation import Form
from detection.rules.yaml_reader import Reader
from functions.fraud.scoring.expressions import LIMIT
from functions.fraud.scoring.rules import HardDecision, Mode, Rule

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_ID = 64
_LONGEST_REASON = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BRACES = re.compile(r"\{(?P<name>[^{}]*)\}|[{}]")
_DAY = timedelta(days=1)
# Reasons of lists have these.
_OTHERS = ("block-list", "allow-list")
_NEEDED = ("id", "reason", "when")
_OPTIONAL = ("weight", "decision", "mode", "from", "until")
_FIELDS = dict.fromkeys(_NEEDED, True) | dict.fromkeys(_OPTIONAL, False)


class RuleReader:
    """Reads rules that may name `limits`; other amounts that expressions name are added to `tables`."""

    def __init__(self, reader: Reader, limits: Mapping[str, Mapping[str, Decimal]]) -> None:
        self.tables: dict[str, dict[str, Decimal]] = {}
        self._reader = reader
        self._limits = limits
        self._ids = set(_OTHERS)

    def rule(self, node: Node) -> Rule | None:
        """The rule of a node; None if something is wrong with it."""
        faults_before = len(self._reader.faults)
        nodes = self._reader.fields(node, "the rule", _FIELDS)
        if nodes and ("weight" in nodes) == ("decision" in nodes):
            self._reader.fault(node, "the rule needs a weight or a decision, and not both")
        readers: dict[str, Callable[[Node], Any]] = {
            "id": self._id,
            "reason": self._reason,
            "when": self._when,
            "weight": lambda one: weight(self._reader, one, "weight"),
            "decision": lambda one: self._reader.choice(one, "decision", get_args(HardDecision)),
            "mode": lambda one: self._reader.choice(one, "mode", get_args(Mode)),
            "from": lambda one: self._reader.day(one, "from"),
            "until": lambda one: self._reader.day(one, "until"),
        }
        read: dict[str, Any] = {name: readers[name](one) for name, one in nodes.items()}
        begins, ends = read.pop("from", None), read.pop("until", None)
        if begins and ends and ends < begins:
            self._reader.fault(nodes["until"], "until is before from")
        if len(self._reader.faults) > faults_before:
            return None
        # Until the end of the last day.
        ends = ends and ends + _DAY
        return Rule(**read, valid_from=_milliseconds(begins), valid_until=_milliseconds(ends))

    def _id(self, node: Node) -> str | None:
        text = self._reader.text(node, "id")
        if text is not None and not (_ID.fullmatch(text) and len(text) <= _LONGEST_ID):
            self._reader.fault(
                node, f"an id has up to {_LONGEST_ID} small letters, digits and single hyphens between them"
            )
        if text in self._ids:
            self._reader.fault(node, f"the id {text} is taken: each is used once")
        self._ids.add(text or "")
        return text

    def _reason(self, node: Node) -> str | None:
        text = self._reader.text(node, "reason")
        if text is None:
            return None
        if not 0 < len(text) <= _LONGEST_REASON or _CONTROL.search(text):
            self._reader.fault(
                node, f"a reason is a sentence of up to {_LONGEST_REASON} characters on one line"
            )
        possible = [*NAMES, *(LIMIT + name for name in self._limits)]
        for found in _BRACES.finditer(text):
            name = found["name"]
            if name is None:
                self._reader.fault(node, "a brace without its partner", found.start())
            elif name in LEFT_OUT:
                self._reader.fault(node, f"a reason has no {name}: it goes out by mail", found.start())
            elif name not in possible:
                self._reader.fault(node, unknown("placeholder", name, possible), found.start())
        return text

    def _when(self, node: Node) -> Form:
        text = self._reader.text(node, "when")
        if text is None:
            return None
        form, tables, faults = compiled(text, self._limits)
        for offset, message in faults:
            self._reader.fault(node, message, offset)
        self.tables |= tables
        return form


def weight(reader: Reader, node: Node, what: str) -> float | None:
    """A number of at most 1."""
    number = reader.number(node, what)
    if number is not None and number > 1:
        reader.fault(node, f"{what} must be at most 1")
    return None if number is None else float(number)


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else int(time.timestamp() * 1000)
