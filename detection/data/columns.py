"""Transactions of a dataset, in columns and as rows."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice, repeat
from typing import Any

import numpy as np
import pyarrow
from msgspec import Struct
from numpy.typing import NDArray
from pyarrow import compute

from detection.data.row_faults import RowFault
from functions.common.domain.transaction_event import TransactionInserted

DEFAULT_CURRENCY = "EUR"
_LABELS = {1: True, 0: False, -1: None}
_TRANSACTION_TEXTS = (
    "transaction_id",
    "account_id",
    "merchant_id",
    "amount",
    "currency",
    "type",
    "original_transaction_id",
    "channel",
    "country",
    "device_id",
    "ip_address",
    "merchant_category",
)
_TEXT_FIELDS = (*_TRANSACTION_TEXTS, "scenario")


class LabelledTransaction(Struct, frozen=True, gc=False):
    """A transaction with its label. `is_fraud` is None if the dataset has no label for it.

    `scenario`: the kind of fraud, or empty.
    """

    transaction: TransactionInserted
    is_fraud: bool | None
    scenario: str


@dataclass
class TransactionBatch:
    """Transactions in columns. `texts` has the fields of the file, in which an empty text is a missing value.

    `labels` are 1, 0 and -1 for a label that is not known. `faults`: the rows that are not in the columns.
    `left_out` counts refunds and zero amounts that the map leaves out.
    """

    numbers: NDArray[np.int64]
    times_ms: NDArray[np.int64]
    labels: NDArray[np.int8]
    texts: dict[str, pyarrow.StringArray]
    faults: list[RowFault] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self.numbers)

    def filter(self, is_selected: NDArray[np.bool_]) -> "TransactionBatch":
        """The selected rows."""
        if is_selected.all():
            return self
        return self.take(np.flatnonzero(is_selected))

    def take(self, indexes: NDArray[np.int64]) -> "TransactionBatch":
        """The rows with these indexes."""
        texts = {name: column.take(pyarrow.array(indexes)) for name, column in self.texts.items()}
        return TransactionBatch(
            self.numbers[indexes],
            self.times_ms[indexes],
            self.labels[indexes],
            texts,
            self.faults,
            self.left_out,
        )

    def count(self, name: str, text: str) -> int:
        """The number of rows with this text in the field."""
        column = self.texts.get(name)
        return int(compute.equal(column, text).true_count) if column is not None else 0

    def has_values(self, name: str) -> bool:
        """Whether any row has a text in the field."""
        return name in self.texts and self.count(name, "") < len(self)

    def count_zero_amounts(self) -> int:
        """The number of transactions with the amount 0."""
        # Amounts are valid, so that a digit above 0 makes them greater.
        zero = compute.match_substring_regex(self.texts["amount"], r"^[+-]?[0.]+([eE].*)?$")
        return int(zero.true_count)

    def rows(self) -> Iterator[LabelledTransaction]:
        """The transactions."""
        times = self.times_ms.tolist()
        return (
            LabelledTransaction(
                TransactionInserted(
                    transaction_id=transaction_id,
                    timestamp=time_ms,
                    account_id=account_id,
                    merchant_id=merchant_id,
                    amount=Decimal(amount),
                    currency=currency or DEFAULT_CURRENCY,
                    type=kind or None,
                    original_transaction_id=original or None,
                    channel=channel or None,
                    country=country or None,
                    device_id=device or None,
                    ip_address=address or None,
                    merchant_category=category or None,
                    received_at=time_ms,
                ),
                _LABELS[label],
                scenario,
            )
            for (
                transaction_id,
                account_id,
                merchant_id,
                amount,
                currency,
                kind,
                original,
                channel,
                country,
                device,
                address,
                category,
                scenario,
                time_ms,
                label,
            ) in zip(*self._row_columns(), times, self.labels.tolist(), strict=False)
        )

    def _row_columns(self) -> list[Any]:
        return [_to_list(self.texts[name]) if name in self.texts else repeat("") for name in _TEXT_FIELDS]


def batch_rows(rows: Iterable[LabelledTransaction], count: int = 8192) -> Iterator[TransactionBatch]:
    """The transactions in columns, at most `count` in a batch."""
    remaining = iter(rows)
    while part := list(islice(remaining, count)):
        transactions = [labelled.transaction for labelled in part]
        texts = {
            name: pyarrow.array([_to_text(getattr(transaction, name)) for transaction in transactions])
            for name in _TRANSACTION_TEXTS
        }
        labels = [-1 if labelled.is_fraud is None else int(labelled.is_fraud) for labelled in part]
        yield TransactionBatch(
            np.arange(len(part)),
            np.array([transaction.timestamp for transaction in transactions], np.int64),
            np.array(labels, np.int8),
            texts | {"scenario": pyarrow.array([labelled.scenario for labelled in part])},
        )


def concatenate_batches(batches: Iterable[TransactionBatch]) -> TransactionBatch:
    """One batch with the transactions of all, without their faults."""
    parts = list(batches)
    names = dict.fromkeys(name for part in parts for name in part.texts)
    texts = {
        name: pyarrow.concat_arrays(
            [part.texts.get(name, pyarrow.repeat(pyarrow.scalar(""), len(part))) for part in parts]
        )
        for name in names
    }
    return TransactionBatch(
        np.concatenate([part.numbers for part in parts]),
        np.concatenate([part.times_ms for part in parts]),
        np.concatenate([part.labels for part in parts]),
        texts,
    )


def _to_text(value: object) -> str:
    return "" if value is None else str(value)


def _to_list(texts: pyarrow.StringArray) -> list[str]:
    """The texts. Equal texts are the same object, whose hash is then known."""
    encoded = texts.dictionary_encode()
    values = encoded.dictionary.to_numpy(zero_copy_only=False)[encoded.indices.to_numpy()]
    texts_list: list[str] = values.tolist()
    return texts_list
