"""Checks a rules file and lists its rules, for the tasks `rules.check` and `rules.list`."""

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from cli.models.datasets import user_errors
from cli.models.model_file import read_model
from cli.task import FAILED
from detection.data.dates import format_day
from detection.rules.errors import FaultyRulesError
from detection.rules.learned_rules import describe_unlearned_rules
from detection.rules.rule_file import read_rules
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.rules import Rule, RulesError
from terminal.errors import UserError
from terminal.output import console, print_json, print_message

_STYLES = {"on": "green", "shadow": "yellow", "off": "dim"}


def check_rules(file: Path, model_file: Path | None = None, *, as_json: bool) -> int:
    """Print the faults or the numbers of rules. Returns the exit status, which is not 0 if there are faults.

    `model_file`: the model that decides with the rules. Raises UserError if a file is not readable.
    """
    try:
        rules = read_rules(file)
    except FaultyRulesError as error:
        if as_json:
            faults = [fault._asdict() for fault in error.faults]
            print_json({"file": str(file), "valid": False, "faults": faults})
        else:
            console.print(str(error), markup=False)
        return FAILED
    except RulesError as error:
        raise UserError(f"{error}.", "Check the path.") from error
    note = "" if model_file is None else describe_unlearned_rules(rules, read_model(model_file))
    modes = Counter(rule.mode for rule in rules.rules)
    if as_json:
        print_json(
            {
                "file": str(file),
                "valid": True,
                "faults": [],
                "rules": len(rules.rules),
                "on": modes["on"],
                "shadow": modes["shadow"],
                "off": modes["off"],
                "threshold": rules.threshold,
                "version": rules.version,
                "notes": [note] if note else [],
            }
        )
        return 0
    counts = [f"{len(rules.rules)} rules", f"{modes['on']} on"]
    counts += [f"{modes[mode]} {mode}" for mode in ("shadow", "off") if modes[mode]]
    console.print(f"{file}: {', '.join(counts)}; version {rules.version}", markup=False)
    if note:
        print_message(note)
    return 0


def show_rules(file: Path, now_ms: int, *, as_json: bool) -> None:
    """Print the rules in the order of the file. Raises UserError."""
    with user_errors():
        rules = read_rules(file)
    if as_json:
        print_json([_rule_object(rule, now_ms) for rule in rules.rules])
        return
    if not rules.rules:
        console.print("No rules.")
        return
    table = Table(title=Text(f"Rules {rules.version}, threshold {rules.threshold:g}"), title_justify="left")
    for column in ("id", "mode", "weight", "valid", "sentence"):
        table.add_column(column)
    for rule in rules.rules:
        table.add_row(
            Text(rule.id),
            Text(rule.mode, _STYLES[rule.mode]),
            rule.decision or f"{rule.weight:g}",
            _format_validity(rule, now_ms),
            Text(rule.reason),
            style="" if rule.mode != "off" and rule.is_valid_at(now_ms) else "dim",
        )
    console.print(table)


def _rule_object(rule: Rule, now_ms: int) -> dict[str, Any]:
    return {
        "id": rule.id,
        "mode": rule.mode,
        "weight": rule.weight,
        "decision": rule.decision,
        "expected_share": rule.expected_share,
        "from": _format_first_day(rule),
        "until": _format_last_day(rule),
        "valid": rule.is_valid_at(now_ms),
        "sentence": rule.reason,
        "condition": msgspec.to_builtins(rule.when),
    }


def _format_validity(rule: Rule, now_ms: int) -> str:
    first_day, last_day = _format_first_day(rule), _format_last_day(rule)
    if rule.valid_until is not None and now_ms >= rule.valid_until:
        return f"ended {last_day}"
    bounds = (("from", first_day), ("until", last_day))
    return " ".join(f"{bound} {day}" for bound, day in bounds if day) or "always"


def _format_first_day(rule: Rule) -> str | None:
    return None if rule.valid_from is None else format_day(rule.valid_from // DAY_MS)


def _format_last_day(rule: Rule) -> str | None:
    return None if rule.valid_until is None else format_day(rule.valid_until // DAY_MS - 1)
