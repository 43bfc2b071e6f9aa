"""The three times a program is run."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

Client = Callable[[str], Any]


class Variant(Enum):
    """FIRST makes everything; AGAIN means the same, written otherwise; CHANGED differs."""

    FIRST = "first"
    AGAIN = "again"
    CHANGED = "changed"


@dataclass(frozen=True)
class Group:
    """A program and what is to come of it.

    program gets a folder for files. types: the resource types it covers. changes: what CHANGED does, by
    logical name; all else stays the same. listed: what AWS has of these kinds, to see that nothing is left.
    reported: settings as AWS has them after CHANGED, given the outputs of a resource by its logical name.
    expected: what these must be.
    """

    program: Callable[[Variant, Path], None]
    types: frozenset[str]
    changes: dict[str, str]
    listed: Callable[[Client], set[str]]
    reported: Callable[[Client, Callable[[str], dict[str, Any]]], dict[str, Any]]
    expected: dict[str, Any]
