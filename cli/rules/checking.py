"""Checks a rules file for the task `rules.check` and shows its faults or its contents."""

from collections import Counter
from pathlib import Path
from typing import Any

from cli.task import FAILED
from detection.rules.errors import FaultyRulesError
from detection.rules.rule_file import read_rules
from functions.fraud.scoring.rules import RulesError, RuleSet
from terminal.errors import UserError
from terminal.output import console, print_json


def check_rules(file: Path, *, as_json: bool) -> int:
    """Print the faults or the numbers of rules. Returns the exit status, which is not 0 if there are faults.

    Raises UserError if the file is not readable.
    """
    try:
        rules = read_rules(file)
    except FaultyRulesError as error:
        _show_faults(file, error, as_json=as_json)
        return FAILED
    except RulesError as error:
        raise UserError(f"{error}.", "Check the path.") from error
    if as_json:
        print_json({"file": str(file), "valid": True, "faults": [], **_summary_object(rules)})
    else:
        console.print(f"{file}: {_format_counts(rules)}; version {rules.version}", markup=False)
    return 0


def _show_faults(file: Path, error: FaultyRulesError, *, as_json: bool) -> None:
    if as_json:
        faults = [fault._asdict() for fault in error.faults]
        print_json({"file": str(file), "valid": False, "faults": faults})
    else:
        console.print(str(error), markup=False)


def _summary_object(rules: RuleSet) -> dict[str, Any]:
    modes = Counter(rule.mode for rule in rules.rules)
    return {
        "rules": len(rules.rules),
        "on": modes["on"],
        "shadow": modes["shadow"],
        "off": modes["off"],
        "threshold": rules.threshold,
        "version": rules.version,
    }


def _format_counts(rules: RuleSet) -> str:
    modes = Counter(rule.mode for rule in rules.rules)
    parts = [f"{len(rules.rules)} rules", f"{modes['on']} on"]
    return ", ".join(parts + [f"{modes[mode]} {mode}" for mode in ("shadow", "off") if modes[mode]])
