"""Where transactions are stored: what the api function needs of it, whatever it is."""

from enum import Enum
from typing import Protocol

from functions.common.domain.transaction import Transaction


class Outcome(Enum):
    """What became of a transaction that was to be stored."""

    STORED = "stored"
    REPLAYED = "replayed"
    """The very same transaction had been stored before; nothing was written."""
    ID_TAKEN = "id taken"
    """A different transaction has the id; nothing was written."""


class TransactionStore(Protocol):
    """Keeps one transaction per id."""

    def add(self, transaction: Transaction, received_at: int) -> Outcome:
        """Stores a transaction received at this time (epoch milliseconds), at most once.

        Of simultaneous attempts with one id exactly one is STORED. Raises StoreBusyError.
        """
