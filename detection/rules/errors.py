"""Faults in a rules file and the error that reports them."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from functions.fraud.scoring.rules import RulesError

_MAX_LISTED_NAMES = 20


class Fault(NamedTuple):
    """Lines and columns are counted from 1, columns in characters."""

    line: int
    column: int
    message: str


class FaultyRulesError(RulesError):
    """The rules file is not valid. `faults` holds every fault in it, ordered by position."""

    def __init__(self, file: str, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__(
            "\n".join(f"{file}:{line}:{column}: {message}" for line, column, message in self.faults)
        )


def describe_unknown_name(category: str, name: str, allowed: Iterable[str]) -> str:
    """A message for an unknown name. It suggests a similar name or lists the allowed names, if few."""
    names = list(allowed)
    similar = get_close_matches(name, names, n=1, cutoff=0.7)
    if similar:
        return f"unknown {category} '{name}': did you mean {similar[0]}?"
    if len(names) > _MAX_LISTED_NAMES:
        return (
            f"unknown {category} '{name}': use a field of a transaction or a feature of"
            " functions/common/domain/features.py"
        )
    return f"unknown {category} '{name}': " + (
        f"use one of {', '.join(names)}" if names else "none is defined in this file"
    )
