"""What can be posted to the API line by line: transactions, and labels of them."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from functions.labels import label
from operations.ingest.api_client import Answer
from operations.ingest.input_file import TRANSACTION, Record, Shape
from operations.ingest.responses import Outcome, Verdict, judge, judge_label


@dataclass(frozen=True)
class Kind:
    """What is posted, what an answer says of it, and how it may end, in the order in which that is told.

    Those with one `lane` are posted one after another, in their order.
    """

    shape: Shape
    judge: Callable[[Answer], Verdict]
    outcomes: tuple[Outcome, ...]
    lane: Callable[[Record], str] | None = None

    @property
    def many(self) -> str:
        """What they are called."""
        return f"{self.shape.one}s"


class _About(msgspec.Struct):
    """What records are told apart by."""

    transaction_id: str = ""
    account_id: str = ""


def _account_of(record: Record) -> str:
    return _about(record).account_id or str(record.line)


def _transaction_of(record: Record) -> str:
    return _about(record).transaction_id or str(record.line)


def _about(record: Record) -> _About:
    try:
        return msgspec.json.decode(record.body, type=_About)
    except msgspec.DecodeError:
        # The API says what is wrong with it.
        return _About()


TRANSACTIONS = Kind(
    TRANSACTION,
    judge,
    (Outcome.STORED, Outcome.REPLAYED, Outcome.REJECTED, Outcome.FAILED),
    # What an account did before is what a transaction is judged by.
    lane=_account_of,
)
LABELS = Kind(
    Shape("label", "label", label.FIELDS, ("timestamp", "reported_at")),
    judge_label,
    (Outcome.STORED, Outcome.CHANGED, Outcome.UNCHANGED, Outcome.REJECTED, Outcome.FAILED),
    # A label that corrects an earlier one in the same file is the one that stays.
    lane=_transaction_of,
)
