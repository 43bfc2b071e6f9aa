"""Segments of a dataset: consecutive transactions, in columns of numbers."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow
from numpy.typing import NDArray

from detection.data.columns import DEFAULT_CURRENCY, TransactionBatch, concatenate_batches
from functions.common.domain.account_profile import hash_network, hash_text
from functions.common.domain.categories import normalize_category
from functions.common.domain.currencies import convert_to_euros
from functions.common.domain.transaction import REFUND

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MISSING = -1
"""The number of a missing text."""

# Keys contain the time within a segment and its history in 43 bits. A longer gap is between two segments.
MAX_SPAN_MS = 1 << 42


class IdNumbers:
    """Numbers of ids, in the order of their first use, and a 32-bit hash of each."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._hashes = np.zeros(1024, np.uint32)

    def __len__(self) -> int:
        return len(self._numbers)

    def texts(self) -> list[str]:
        """The ids by number."""
        return list(self._numbers)

    def encode(
        self, texts: pyarrow.StringArray, normalize: Callable[[str], str | None] = lambda text: text
    ) -> Integers:
        """The number of each text, MISSING for an empty one. New ids get the next numbers.

        Texts with the same normalized text have the same number.
        """
        encoded = texts.dictionary_encode()
        ids = map(normalize, encoded.dictionary.to_pylist())
        numbers: Integers = np.array([self._find(id_) for id_ in ids], np.int64)
        rows: Integers = numbers[encoded.indices.to_numpy()]
        return rows

    def hashes(self, numbers: Integers) -> Integers:
        """The hash of each id, MISSING for a missing one."""
        return np.where(numbers == MISSING, MISSING, self._hashes[numbers].astype(np.int64))

    def _find(self, text: str | None) -> int:
        if not text:
            return MISSING
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self._numbers)
            if number == len(self._hashes):
                self._hashes = np.resize(self._hashes, 2 * number)
            self._hashes[number] = hash_text(text)
        return number


@dataclass(frozen=True)
class Segment:
    """Consecutive transactions. `first` is the number of the first one in the dataset.

    `cents` are 0 for an amount without a euro rate, and `euros` NaN. `devices` and `networks` are
    hashes. Only purchases can be fraud: labels of refunds change nothing.
    """

    batch: TransactionBatch
    first: int
    accounts: Integers
    merchants: Integers
    euros: Floats
    cents: Integers
    is_purchase: Flags
    is_fraud: Flags
    countries: Integers
    devices: Integers
    categories: Integers
    networks: Integers

    @property
    def times(self) -> Integers:
        return self.batch.times_ms

    def __len__(self) -> int:
        return len(self.batch)


class SegmentEncoder:
    """Encodes segments with the same numbers of accounts, merchants, countries and categories."""

    def __init__(self) -> None:
        self.accounts, self.merchants, self.countries = IdNumbers(), IdNumbers(), IdNumbers()
        self._categories = IdNumbers()
        self._count = 0

    def encode(self, batch: TransactionBatch) -> Segment:
        """The next segment."""
        first, self._count = self._count, self._count + len(batch)
        euros = _convert_amounts(batch)
        cents = np.where(np.isnan(euros), 0, np.maximum(np.rint(np.nan_to_num(euros) * 100), 1))
        is_purchase = np.ones(len(batch), np.bool_)
        if "type" in batch.texts:
            is_purchase = _map_texts(batch, "type", lambda text: int(text == REFUND)) != 1
        return Segment(
            batch=batch,
            first=first,
            accounts=self.accounts.encode(batch.texts["account_id"]),
            merchants=self.merchants.encode(batch.texts["merchant_id"]),
            euros=euros,
            cents=cents.astype(np.int64),
            is_purchase=is_purchase,
            is_fraud=(batch.labels == 1) & is_purchase,
            countries=(
                self.countries.encode(batch.texts["country"])
                if "country" in batch.texts
                else np.full(len(batch), MISSING)
            ),
            devices=_map_texts(batch, "device_id", hash_text),
            categories=(
                self._categories.encode(batch.texts["merchant_category"], normalize_category)
                if "merchant_category" in batch.texts
                else np.full(len(batch), MISSING)
            ),
            networks=_map_texts(batch, "ip_address", hash_network),
        )


def cut_segments(
    batches: Iterable[TransactionBatch], count_rows: Callable[[], int]
) -> Iterator[TransactionBatch]:
    """The transactions in segments of at least `count_rows()` rows, which is asked before each segment."""
    parts: list[TransactionBatch] = []
    for batch in batches:
        if not len(batch):
            continue
        if parts and batch.times_ms[-1] - parts[0].times_ms[0] > MAX_SPAN_MS:
            yield concatenate_batches(parts)
            parts = []
        parts.append(batch)
        if sum(map(len, parts)) >= count_rows():
            yield concatenate_batches(parts)
            parts = []
    if parts:
        yield concatenate_batches(parts)


def _convert_amounts(batch: TransactionBatch) -> Floats:
    """The amounts in euros, NaN without a rate."""
    amounts = np.fromiter(map(float, batch.texts["amount"].to_pylist()), np.float64, len(batch))
    if "currency" not in batch.texts:
        return amounts * _find_rate(DEFAULT_CURRENCY)
    encoded = batch.texts["currency"].dictionary_encode()
    rates: Floats = np.array(
        [_find_rate(text or DEFAULT_CURRENCY) for text in encoded.dictionary.to_pylist()]
    )
    converted: Floats = amounts * rates[encoded.indices.to_numpy()]
    return converted


def _find_rate(currency: str) -> float:
    rate = convert_to_euros(Decimal(1), currency)
    return np.nan if rate is None else rate


def _map_texts(batch: TransactionBatch, name: str, function: Callable[[str], int]) -> Integers:
    """The value of the function for each text of a column, MISSING for an empty one."""
    if name not in batch.texts:
        return np.full(len(batch), MISSING)
    encoded = batch.texts[name].dictionary_encode()
    values = [function(text) if text else MISSING for text in encoded.dictionary.to_pylist()]
    numbers: Integers = np.array(values, np.int64)
    rows: Integers = numbers[encoded.indices.to_numpy()]
    return rows
