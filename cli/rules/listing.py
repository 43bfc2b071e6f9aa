"""Shows the rules of a file: what each does, how it weighs and when it is valid."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from functions.fraud.scoring.rules import Rule, RuleSet
from terminal.output import console, print_json

_DAY = timedelta(days=1)
_STYLES = {"on": "green", "shadow": "yellow", "off": "dim"}


def show(rules: RuleSet, now_ms: int, *, as_json: bool) -> None:
    """Print them, in their order."""
    if as_json:
        print_json([_as_object(rule, now_ms) for rule in rules.rules])
        return
    if not rules.rules:
        console.print("There are no rules.")
        return
    table = Table(title=Text(f"Rules {rules.version}, threshold {rules.threshold:g}"), title_justify="left")
    for column in ("id", "mode", "weight", "valid", "sentence"):
        table.add_column(column)
    for rule in rules.rules:
        row = (Text(rule.id), Text(rule.mode, _STYLES[rule.mode]), _weight(rule), _validity(rule, now_ms))
        table.add_row(*row, Text(rule.reason), style="dim" if _asleep(rule, now_ms) else "")
    console.print(table)


def _as_object(rule: Rule, now_ms: int) -> dict[str, Any]:
    return {
        "id": rule.id,
        "mode": rule.mode,
        "weight": rule.weight,
        "decision": rule.decision,
        "from": _first_day(rule),
        "until": _last_day(rule),
        "valid": rule.valid_at(now_ms),
        "sentence": rule.reason,
        "condition": msgspec.to_builtins(rule.when),
    }


def _weight(rule: Rule) -> str:
    return rule.decision or f"{rule.weight:g}"


def _asleep(rule: Rule, now_ms: int) -> bool:
    return rule.mode == "off" or not rule.valid_at(now_ms)


def _validity(rule: Rule, now_ms: int) -> str:
    first, last = _first_day(rule), _last_day(rule)
    if rule.valid_until is not None and now_ms >= rule.valid_until:
        return f"ended {last}"
    return " ".join(f"{word} {day}" for word, day in (("from", first), ("until", last)) if day) or "always"


def _first_day(rule: Rule) -> str | None:
    return None if rule.valid_from is None else f"{_utc(rule.valid_from):%Y-%m-%d}"


def _last_day(rule: Rule) -> str | None:
    return None if rule.valid_until is None else f"{_utc(rule.valid_until) - _DAY:%Y-%m-%d}"


def _utc(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
