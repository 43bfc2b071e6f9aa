"""Where labels are kept: what the labels function needs of it, whatever it is."""

from enum import Enum
from typing import Protocol

from functions.labels.label import Label


class Outcome(Enum):
    """What became of a label."""

    STORED = "stored"
    CHANGED = "changed"
    """The transaction had another label before; what was counted follows."""
    UNCHANGED = "unchanged"
    """The transaction has that label already; nothing was written."""


class UnknownTransactionError(Exception):
    """There is no transaction with that id and timestamp."""


class LabelStore(Protocol):
    """Keeps one label per transaction, and counts confirmed frauds."""

    def put(self, label: Label, now_ms: int) -> Outcome:
        """Keep the label on its transaction and count it into the profiles, both or neither.

        Raises UnknownTransactionError, or StoreBusyError for what can succeed a moment later.
        """
