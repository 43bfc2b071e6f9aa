"""Examples from exported decisions: transactions with the features that the pipeline recorded.

They replace the replay of a dataset.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow
from numpy.typing import NDArray
from pyarrow import parquet

from detection.data.columns import TransactionBatch
from detection.data.dates import format_timestamp
from detection.errors import DatasetError
from detection.training.decided_schema import (
    FEATURE_COLUMNS,
    FILE_NAME,
    TRANSACTION_COLUMNS,
    DecidedFormat,
    read_format,
)
from detection.training.examples import Examples, FeaturedTransactions, LearnedRules, gather_examples
from detection.training.sampling import MAX_GENUINE, GenuineSampler
from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION
from functions.common.domain.time_buckets import DAY_MS
from functions.common.dynamodb.profile_items import profile_subject
from functions.fraud.scoring.rules import RuleSet

_BATCH_ROWS = 1 << 16
_NO_END_MS = 1 << 62
_SELECTING_COLUMNS = ("timestamp", "is_fraud", "label_delay_days")
_TRANSACTION_NAMES = tuple(field.name for field in TRANSACTION_COLUMNS)
_READ_COLUMNS = (*_SELECTING_COLUMNS, *_TRANSACTION_NAMES[1:], *(field.name for field in FEATURE_COLUMNS))
_TEXT_NAMES = {"account": "account_id", "merchant": "merchant_id"}
_EXPORT_HINT = "Export the decisions again: invoke export"


@dataclass(frozen=True, kw_only=True)
class DecidedSummary:
    """The number of examples by label, and the range of timestamps in epoch milliseconds.

    `unlabelled`: transactions whose label is not due. `labelled_until_ms`: most labels of later transactions
    are not due, so that labels say little about them: frauds are labelled first. `other_label_delays`:
    transactions whose features assume another label delay, by this delay in days. `missing_days`: days of the
    range without transactions.
    """

    frauds: int
    genuine: int
    first_ms: int
    last_ms: int
    unlabelled: int
    labelled_until_ms: int
    other_label_delays: Mapping[int, int]
    missing_days: int

    def notes(self) -> list[str]:
        """The transactions and days that are left out, one line each."""
        notes = []
        if self.missing_days:
            period = f"{format_timestamp(self.first_ms)[:10]} to {format_timestamp(self.last_ms)[:10]}"
            notes.append(
                f"Days without transactions from {period}: {self.missing_days:,}."
                " If the folder is a copy, check that it is complete."
            )
        if self.unlabelled:
            notes.append(f"Left out because the label is not due: {self.unlabelled:,} of the transactions.")
        for days, count in sorted(self.other_label_delays.items()):
            notes.append(
                f"Left out because features assume a label delay of {days}d: {count:,} of the transactions."
                f" To learn from them instead, use --label-delay {days}d."
            )
        return notes


class DecidedDataset:
    """Exported decisions: the folder that `invoke export` wrote, or one of its files.

    `label_delay_days`: the label delay that the features must assume. Decisions of older versions did not
    record it and are used. The constructor and all methods raise DatasetError.
    """

    def __init__(self, path: Path, label_delay_days: int) -> None:
        self.path = path
        self.label_delay_days = label_delay_days
        self._files = sorted(path.glob(f"day=*/{FILE_NAME}")) if path.is_dir() else [path]
        if not self._files:
            raise DatasetError(f"{path}: the folder has no exported decisions.", _EXPORT_HINT)
        for file in self._files:
            _check_format(file)

    def summary(self, from_ms: int = 0, to_ms: int = _NO_END_MS) -> DecidedSummary:
        """Count the transactions of a period. Reads three columns only."""
        frauds = genuine = unlabelled = recent_genuine = 0
        first_unlabelled_ms = _NO_END_MS
        other_delays: dict[int, int] = {}
        ranges = []
        seen_days: set[int] = set()
        for batch in self._batches(_SELECTING_COLUMNS):
            times = _to_numpy(batch, "timestamp")
            in_period = (times >= from_ms) & (times < to_ms)
            delays = _to_numpy(batch, "label_delay_days")
            has_this_delay = np.isin(delays, (0, self.label_delay_days))
            other = delays[in_period & ~has_this_delay]
            for days, count in zip(*np.unique(other, return_counts=True), strict=True):
                other_delays[int(days)] = other_delays.get(int(days), 0) + int(count)
            labels = (
                batch.column("is_fraud").cast(pyarrow.int8()).fill_null(-1).to_numpy(zero_copy_only=False)
            )
            chosen = in_period & has_this_delay
            labels, chosen_times = labels[chosen], times[chosen]
            frauds += int((labels == 1).sum())
            genuine += int((labels == 0).sum())
            unlabelled += int((labels == -1).sum())
            # Rows are in order of time.
            first_unlabelled_ms = min([first_unlabelled_ms, *chosen_times[labels == -1][:1].tolist()])
            recent_genuine += int((chosen_times[labels == 0] >= first_unlabelled_ms).sum())
            if in_period.any():
                ranges.append((int(times[in_period].min()), int(times[in_period].max())))
                seen_days.update(np.unique(times[in_period] // DAY_MS).tolist())
        last_ms = max((last for _, last in ranges), default=0)
        return DecidedSummary(
            frauds=frauds,
            genuine=genuine,
            first_ms=min((first for first, _ in ranges), default=0),
            last_ms=last_ms,
            unlabelled=unlabelled,
            labelled_until_ms=first_unlabelled_ms if unlabelled > recent_genuine else last_ms + 1,
            other_label_delays=other_delays,
            missing_days=max(seen_days) - min(seen_days) + 1 - len(seen_days) if seen_days else 0,
        )

    def transactions(
        self, from_ms: int, to_ms: int, sampler: GenuineSampler | None = None
    ) -> Iterator[FeaturedTransactions]:
        """Yield labelled transactions of a period with their features, in order of time.

        Account and merchant are pseudonyms. With a sampler, yield the transactions that it chooses.
        """
        for batch in self._batches(_READ_COLUMNS):
            times = _to_numpy(batch, "timestamp")
            chosen = (times >= from_ms) & (times < to_ms)
            chosen &= np.isin(_to_numpy(batch, "label_delay_days"), (0, self.label_delay_days))
            chosen &= batch.column("is_fraud").is_valid().to_numpy(zero_copy_only=False)
            selected = batch.filter(pyarrow.array(chosen))
            if sampler is not None and selected.num_rows:
                mask = sampler.choose(_to_numpy(selected, "is_fraud").astype(np.bool_))
                selected = selected.filter(pyarrow.array(mask))
            if selected.num_rows:
                yield _read_transactions(selected)

    def sha256(self) -> str:
        """The digest of all files."""
        digest = hashlib.sha256()
        for file in self._files:
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        return digest.hexdigest()

    def _batches(self, columns: Sequence[str]) -> Iterator[pyarrow.RecordBatch]:
        for file in self._files:
            with _open_parquet(file) as opened:
                yield from opened.iter_batches(batch_size=_BATCH_ROWS, columns=list(columns))


def collect_decided_examples(
    dataset: DecidedDataset,
    *,
    from_ms: int,
    to_ms: int,
    rules: RuleSet,
    seed: int = 0,
    max_genuine: int = MAX_GENUINE,
) -> Examples:
    """The examples of a period: every fraud, and at most about `max_genuine` genuine transactions.

    Raises DetectionError unless there are frauds and genuine transactions.
    """
    sampler = GenuineSampler(dataset.summary(from_ms, to_ms).genuine, max_genuine, seed)
    examples = gather_examples(
        dataset.transactions(from_ms, to_ms, sampler),
        period=f"from {format_timestamp(from_ms)} to {format_timestamp(to_ms)}",
        rules=pseudonymize_merchants(rules),
        sampler=sampler,
    )
    # The artifact knows the conditions with the ids of merchants.
    return replace(examples, rule_matches=replace(examples.matches(), rules=LearnedRules(rules).rules))


def has_decided_examples(path: Path) -> bool:
    """Whether the path is a folder, or a file with exported decisions. Raises DatasetError."""
    try:
        if not path.is_file():
            return path.is_dir()
        with path.open("rb") as stream:
            if stream.read(4) != b"PAR1":
                return False
    except OSError as error:
        raise DatasetError(f"Cannot read {path}: {error.strerror}.", "Check the path.") from error
    with _open_parquet(path) as opened:
        return _read_format(path, opened) is not None


def pseudonymize_merchants(rules: RuleSet) -> RuleSet:
    """The rules with the pseudonyms of the merchants that their conditions name, to evaluate on examples."""
    return msgspec.structs.replace(
        rules,
        rules=tuple(
            msgspec.structs.replace(rule, when=_replace_merchants(rule.when)) for rule in rules.rules
        ),
    )


def _replace_merchants(form: Any) -> Any:
    match form:
        case [("in" | "not in") as relation, "merchant_id", list(members)]:
            return [relation, "merchant_id", [profile_subject("merchant", member) for member in members]]
        case list():
            return [_replace_merchants(part) for part in form]
    return form


def _read_transactions(batch: pyarrow.RecordBatch) -> FeaturedTransactions:
    transactions = TransactionBatch(
        np.arange(batch.num_rows),
        _to_numpy(batch, "timestamp"),
        _to_numpy(batch, "is_fraud").astype(np.int8),
        {
            _TEXT_NAMES.get(name, name): batch.column(name).cast(pyarrow.string()).fill_null("")
            for name in _TRANSACTION_NAMES[1:]
        },
    )
    # A null becomes NaN, which is the value of an unknown feature.
    return transactions, np.column_stack([_to_numpy(batch, name) for name in FEATURE_NAMES])


def _to_numpy(batch: pyarrow.RecordBatch, name: str) -> NDArray[Any]:
    values: NDArray[Any] = batch.column(name).to_numpy(zero_copy_only=False)
    return values


def _check_format(file: Path) -> None:
    with _open_parquet(file) as opened:
        file_format = _read_format(file, opened)
    if file_format is None:
        raise DatasetError(f"{file}: the file has no exported decisions.", _EXPORT_HINT)
    if file_format.features_version != FEATURES_VERSION or file_format.features != FEATURE_NAMES:
        raise DatasetError(
            f"{file}: the features have version {file_format.features_version}, but this code has version"
            f" {FEATURES_VERSION}.",
            "Export transactions that this version decided, or train on a dataset of transactions.",
        )


def _read_format(path: Path, opened: parquet.ParquetFile) -> DecidedFormat | None:
    try:
        return read_format(opened.schema_arrow.metadata)
    except msgspec.DecodeError as error:
        raise DatasetError(f"{path}: not a supported format of decisions: {error}.", _EXPORT_HINT) from error


@contextmanager
def _open_parquet(path: Path) -> Iterator[parquet.ParquetFile]:
    try:
        with parquet.ParquetFile(path) as opened:
            yield opened
    except (pyarrow.ArrowException, OSError) as error:
        details = str(error).splitlines()[0].rstrip(".")
        raise DatasetError(f"{path}: not valid Parquet: {details}.", _EXPORT_HINT) from error
