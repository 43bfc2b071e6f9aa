"""What is wrong with a file of rules, and where."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from functions.fraud.scoring.rules import RulesError

_MANY = 12


class Fault(NamedTuple):
    """Lines and columns are counted from 1, columns in characters."""

    line: int
    column: int
    message: str


class FaultyRulesError(RulesError):
    """The file cannot be used; `faults` are all that was found, from the top."""

    def __init__(self, file: str, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(f"{file}:{line}:{column}: {what}" for line, column, what in self.faults))


def unknown(what: str, name: str, possible: Iterable[str]) -> str:
    """A message for a name that nothing has: with the one that may be meant, else with all of a few."""
    names = list(possible)
    close = get_close_matches(name, names, n=1, cutoff=0.7)
    if close:
        return f"unknown {what} '{name}': did you mean {close[0]}?"
    if len(names) > _MANY:
        return (
            f"unknown {what} '{name}': no field of a transaction, nor in functions/common/domain/features.py"
        )
    return f"unknown {what} '{name}'; " + (f"possible are {', '.join(names)}" if names else "there are none")
