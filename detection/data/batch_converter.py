"""Conversion of the columns of a file, batch by batch, to transactions."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray
from pyarrow import compute

from detection.data.amounts import AmountColumn
from detection.data.column_map import FIELDS, KNOWN_COLUMNS, LABEL, LABEL_COLUMNS, ColumnMap, ColumnSource
from detection.data.columns import TransactionBatch
from detection.data.row_faults import CODES, IDS, RowDescriber, RowFault, rounded_id_pattern
from detection.data.table_file import TableBatch
from detection.data.times import TimeConverter, TimeKind
from functions.common.domain.transaction import REFUND

_INVALID, _UNKNOWN = -2, -1
_CHECKSUM_LETTERS = 12
# Digits next to the number of the row could be taken for a card number.
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


def default_map(column_names: Collection[str]) -> ColumnMap:
    """The map of a file whose columns have the names of the fields. A difference in case does not matter."""
    columns = {name.lower(): name for name in column_names if name.lower() in KNOWN_COLUMNS}
    columns |= {name: name for name in column_names if name in KNOWN_COLUMNS}
    label = next((columns[name] for name in LABEL_COLUMNS if name in columns), None)
    sources = {name: ColumnSource(columns=(columns[name],)) for name in FIELDS if name in columns}
    if label:
        sources[LABEL] = ColumnSource(columns=(label,))
    return ColumnMap(sources=sources)


class BatchConverter:
    """Converts the batches of a file in their order. `times` has the facts about its times.

    A row with several faults is reported with the first one, in the order of the fields.
    """

    def __init__(self, column_map: ColumnMap, kind: TimeKind) -> None:
        self.times = TimeConverter(kind)
        self._map = column_map
        self._describer = RowDescriber(column_map, kind)
        self._missing = pyarrow.array(column_map.missing, pyarrow.string())

    def convert(self, batch: TableBatch) -> TransactionBatch:
        """The transactions and faults of a batch."""
        texts = {name: self.read_texts(batch, source) for name, source in self._map.sources.items()}
        originals = dict(texts)
        times = self.times.convert(texts["timestamp"])
        amounts = AmountColumn(texts["amount"], self._map.amount)
        texts["amount"] = amounts.texts
        labels = self._convert_labels(texts.get(LABEL), len(batch.numbers))
        is_valid = times.is_valid & (labels != _INVALID) & amounts.is_valid(self._map.refunds is not None)
        for name in IDS:
            if (source := self._map.sources[name]).columns:
                is_valid &= _is_valid_id(texts[name], rounded_id_pattern(source))
        for name, (codes, _) in CODES.items():
            if name in texts:
                is_valid &= _check_codes(texts[name], codes)
        self._mark_refunds(texts, amounts)
        if "original_transaction_id" in texts:
            is_valid &= _check_originals(texts)
        result = TransactionBatch(batch.numbers, times.times_ms, labels, texts)
        result.faults = [RowFault(row.number, row.reason, "", row.cells) for row in batch.malformed]
        for index in np.flatnonzero(~is_valid).tolist():
            cells = {name: column[index].as_py() for name, column in originals.items()}
            reason, hint = self._describer.describe(cells)
            row = [column[index].as_py() for column in batch.columns.values()]
            result.faults.append(RowFault(int(batch.numbers[index]), reason, hint, row))
        return self._leave_out(result, amounts, is_valid)

    def read_texts(self, batch: TableBatch, source: ColumnSource) -> pyarrow.StringArray:
        """The texts of a field, before they are converted."""
        if source.is_generated:
            return _generate_ids(batch, source.checked_columns)
        if not source.columns:
            return pyarrow.repeat(pyarrow.scalar(source.constant, pyarrow.string()), len(batch.numbers))
        # Databases pad texts with blanks.
        columns = [compute.utf8_trim_whitespace(batch.columns[name]) for name in source.columns]
        columns = [self._replace_missing(column) for column in columns]
        if source.is_integer:
            columns = [
                compute.replace_substring_regex(column, pattern=r"^(-?\d+)\.0+$", replacement=r"\1")
                for column in columns
            ]
        text = _join(columns, source.join)
        if source.is_upper_case:
            text = compute.utf8_upper(text)
        if source.values:
            text = _map_uniques(text, lambda value: source.values.get(value, value))
        return text

    def _replace_missing(self, texts: pyarrow.StringArray) -> pyarrow.StringArray:
        if not len(self._missing):
            return texts
        return compute.if_else(compute.is_in(texts, self._missing), "", texts)

    def _convert_labels(self, texts: pyarrow.StringArray | None, count: int) -> NDArray[np.int8]:
        if texts is None:
            return np.full(count, _UNKNOWN, np.int8)
        codes = {True: 1, False: 0, None: _UNKNOWN}
        spellings = {text: codes[label] for text, label in self._map.labels.items()}
        return _look_up(texts, lambda text: spellings.get(text.strip().lower(), _INVALID), np.int8)

    def _mark_refunds(self, texts: dict[str, pyarrow.StringArray], amounts: "AmountColumn") -> None:
        """Negative amounts are refunds if the map declares it, and become positive."""
        negative = amounts.floats < 0
        if self._map.refunds is None or not negative.any():
            return
        texts["amount"] = compute.replace_substring_regex(texts["amount"], pattern="^ *-", replacement="")
        known = texts.get("type", pyarrow.repeat(pyarrow.scalar(""), len(negative)))
        texts["type"] = compute.if_else(pyarrow.array(negative), REFUND, known)

    def _leave_out(
        self, batch: TransactionBatch, amounts: "AmountColumn", is_valid: NDArray[np.bool_]
    ) -> TransactionBatch:
        is_selected = is_valid
        if self._map.zero_amounts == "leave_out":
            zero = is_valid & (amounts.floats == 0)
            batch.left_out["zero amounts"] += int(zero.sum())
            is_selected = is_selected & ~zero
        if self._map.refunds == "leave_out" and "type" in batch.texts:
            refunds = compute.equal(batch.texts["type"], REFUND).to_numpy(zero_copy_only=False)
            batch.left_out["refunds"] += int((is_selected & refunds).sum())
            is_selected = is_selected & ~refunds
        return batch.filter(is_selected)


def _join(columns: Sequence[pyarrow.StringArray], join: str) -> pyarrow.StringArray:
    """The texts joined, or an empty text if all are empty."""
    if len(columns) == 1:
        return columns[0]
    lengths = [compute.binary_length(column).to_numpy() for column in columns]
    joined = compute.binary_join_element_wise(*columns, join)
    return compute.if_else(pyarrow.array(np.sum(lengths, axis=0) > 0), joined, "")


def _generate_ids(batch: TableBatch, checked_columns: Sequence[str]) -> pyarrow.StringArray:
    numbers = batch.numbers.tolist()
    if not checked_columns:
        return pyarrow.array(map(str, numbers), pyarrow.string())
    columns = [compute.utf8_trim_whitespace(batch.columns[name]) for name in checked_columns]
    rows = compute.binary_join_element_wise(*columns, "\0").to_pylist()
    checksums = (hashlib.sha256(row.encode()).hexdigest()[:_CHECKSUM_LETTERS] for row in rows)
    ids = (
        f"{number}-{checksum.translate(_LETTERS)}"
        for number, checksum in zip(numbers, checksums, strict=True)
    )
    return pyarrow.array(ids, pyarrow.string())


def _is_valid_id(texts: pyarrow.StringArray, rounded_pattern: str) -> NDArray[np.bool_]:
    lengths = compute.binary_length(texts).to_numpy()
    is_valid: NDArray[np.bool_] = lengths > 0
    rounded = compute.match_substring_regex(texts, rounded_pattern)
    is_valid &= ~rounded.to_numpy(zero_copy_only=False)
    return is_valid


def _check_codes(texts: pyarrow.StringArray, codes: Collection[str]) -> NDArray[np.bool_]:
    return _look_up(texts, lambda text: not text or text in codes, np.bool_)


def _check_originals(texts: Mapping[str, pyarrow.StringArray]) -> NDArray[np.bool_]:
    """False for each row that is not a refund and has the id of an original transaction."""
    is_absent = compute.equal(texts["original_transaction_id"], "").to_numpy(zero_copy_only=False)
    if "type" not in texts:
        return np.asarray(is_absent, np.bool_)
    is_refund = compute.equal(texts["type"], REFUND).to_numpy(zero_copy_only=False)
    return np.asarray(is_absent | is_refund, np.bool_)


def _look_up(texts: pyarrow.StringArray, convert: Callable[[str], Any], kind: Any) -> NDArray[Any]:
    """The results of `convert`, which is called once for each distinct text."""
    encoded = texts.dictionary_encode()
    results = np.array([convert(text) for text in encoded.dictionary.to_pylist()], kind)
    return np.asarray(results[encoded.indices.to_numpy()])


def _map_uniques(texts: pyarrow.StringArray, convert: Callable[[str], str]) -> pyarrow.StringArray:
    encoded = texts.dictionary_encode()
    results = pyarrow.array([convert(text) for text in encoded.dictionary.to_pylist()], pyarrow.string())
    return results.take(encoded.indices)
