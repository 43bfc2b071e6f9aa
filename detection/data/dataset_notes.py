"""Notes on a dataset: assumptions about the file, and findings in its rows that make a result doubtful."""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from ipaddress import ip_address

import numpy as np
import pyarrow
from pyarrow import compute

from detection.data.batch_converter import BatchConverter
from detection.data.column_map import KNOWN_COLUMNS, LABEL, MISSING_TEXTS, ColumnMap
from detection.data.columns import DEFAULT_CURRENCY, TransactionBatch
from detection.data.dates import format_timestamp
from detection.data.row_faults import IDS
from detection.data.table_file import Table, TableBatch
from detection.data.times import UNIT_NAMES, TimeConverter, TimeKind
from functions.common.domain.currencies import (
    ALL_CURRENCIES,
    convert_to_euros,
    decimal_places,
    has_extra_decimals,
)
from functions.common.domain.time_buckets import DAY_MS
from functions.common.domain.transaction import REFUND

_INTEGER = re.compile(r"-?\d+(\.0+)?")
_UNNAMED = re.compile(r"Unnamed: \d+")
# Fewer rows can have such times by chance.
_MIN_ROWS = 20
_MIN_STEP_ROWS = 3
_MIN_STEP_MS = 60_000
# Times without seconds are whole minutes. A rounded number of seconds is a multiple of 100.
_LOST_STEPS_MS = (60_000, 100_000)
_MAX_EQUAL_SHARE = 0.5
# Times that were probably misread: before 1973, or after 2099.
_RECENT_MS = 3 * 365 * DAY_MS
_FUTURE_MS = 130 * 365 * DAY_MS
# Files are hardly ever longer than this.
_LONG_MS = 20 * 365 * DAY_MS

# Fields without a list of allowed values.
_FREE_TEXTS = frozenset({"account_id", "merchant_id", "device_id"})
_MISSING = pyarrow.array(MISSING_TEXTS)
_WITHOUT_DECIMALS = pyarrow.array([code for code in ALL_CURRENCIES if decimal_places(code) == 0])
_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IP_V4 = rf"^{_BYTE}\.{_BYTE}\.{_BYTE}\.{_BYTE}$"


def describe_assumptions(
    table: Table, column_map: ColumnMap, kind: TimeKind, first: TableBatch, *, has_own_map: bool
) -> list[str]:
    """The assumptions about the file, by its header and its first rows."""
    notes = []
    if kind.is_inferred and kind.unit:
        notes.append(f"timestamps are read as {UNIT_NAMES[kind.unit]} since 1970. Override with --unit.")
    elif kind.is_inferred:
        notes.append("timestamps such as 20260131 are read as dates. Override with --unit.")
    if kind.declared.start_ms is not None and kind.declared.timezone:
        notes.append(
            "steps do not use the time zone. Declare the offset in their start, such as"
            " 'start: 2018-01-01T00:00+01:00'."
        )
    converter = BatchConverter(column_map, kind)
    converter.times.convert(converter.read_texts(first, column_map.sources["timestamp"]))
    if converter.times.has_naive and not kind.declared.timezone:
        notes.append("times have no zone and are read as UTC. Override with --timezone.")
    if "currency" not in column_map.sources:
        notes.append(
            f"no currency: amounts are in {DEFAULT_CURRENCY}. Declare another one in the file of --columns:"
            " 'currency: {constant: USD}'."
        )
    if not has_own_map:
        notes += _describe_names(table, column_map)
    notes += _describe_float_ids(column_map, converter, first)
    if column_map.amount.is_plain:
        notes += _describe_decimals(converter.read_texts(first, column_map.sources["amount"]))
    return notes


def _describe_names(table: Table, column_map: ColumnMap) -> Iterator[str]:
    used = set(column_map.columns)
    named = [name for name in table.column_names if not _UNNAMED.fullmatch(name)]
    different = [name for name in named if name not in KNOWN_COLUMNS and name.lower() in KNOWN_COLUMNS]
    for name in different:
        action = "is used" if name in used else "is not used, because the file has both"
        yield f"the column {name} differs from {name.lower()} only in case and {action}. See --columns."
    unused = [name for name in named if name not in used and name not in different]
    if unused:
        yield f"unused columns: {', '.join(unused)}"


def _describe_float_ids(column_map: ColumnMap, converter: BatchConverter, first: TableBatch) -> Iterator[str]:
    for name in IDS:
        source = column_map.sources[name]
        texts = [text for text in converter.read_texts(first, source).to_pylist() if text]
        example = next((text for text in texts if "." in text), "")
        if example and all(map(_INTEGER.fullmatch, texts)):
            integer = example.partition(".")[0]
            yield (
                f"each {name} is a number such as {example}. If it is {integer} elsewhere, declare"
                f" '{name}: {{column: {', '.join(source.columns)}, integer: true}}' in the file of --columns."
            )


def _describe_decimals(amounts: pyarrow.StringArray) -> Iterator[str]:
    """A note if the point of all amounts that have one may separate thousands."""
    fractions = compute.match_substring(amounts, ".")
    examples = amounts.filter(fractions)
    if len(examples) and compute.all(compute.match_substring_regex(examples, r"^-?\d{1,3}\.\d{3}$")).as_py():
        yield (
            f"amounts such as {examples[0]} have three decimals. If the point separates thousands, declare"
            ' \'amount: {decimal: ",", thousands: "."}\' in the file of --columns.'
        )


class ContentNotes:
    """Counts the transactions of a dataset, and describes what is doubtful about them.

    `times`: the converter of their times, which counts those that the time zone makes doubtful.
    """

    def __init__(self, column_map: ColumnMap, times: TimeConverter) -> None:
        self._map = column_map
        self._times = times
        self._kind = times.kind
        self.reset()

    def reset(self) -> None:
        """Forget all transactions."""
        self.transactions = self.frauds = self.unlabelled = 0
        self.first_ms, self.last_ms = 1 << 62, -(1 << 62)
        self.last_genuine_ms: int | None = None
        self.left_out: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._currencies: Counter[str] = Counter()
        self._missing: dict[str, Counter[str]] = {name: Counter() for name in _FREE_TEXTS}
        self._examples: dict[str, str] = {}
        self._equal_times = 0
        self._early_times = 0
        self._step_ms = 0

    def add(self, batch: TransactionBatch) -> None:
        """Count the transactions of a batch. Batches are added in the order of the file."""
        self.left_out += batch.left_out
        if not len(batch):
            return
        times = batch.times_ms
        self.transactions += len(batch)
        self.frauds += int((batch.labels > 0).sum())
        self.unlabelled += int((batch.labels < 0).sum())
        if len(genuine_times := times[batch.labels == 0]):
            latest = int(genuine_times.max())
            self.last_genuine_ms = max(
                latest, latest if self.last_genuine_ms is None else self.last_genuine_ms
            )
        self.first_ms = min(self.first_ms, int(times.min()))
        self.last_ms = max(self.last_ms, int(times.max()))
        self._early_times += int((times < _RECENT_MS).sum())
        self._equal_times += int((times[1:] == times[:-1]).sum())
        if self._step_ms == 0 or self._step_ms >= _MIN_STEP_MS:
            self._step_ms = int(np.gcd(self._step_ms, np.gcd.reduce(times)))
        if "currency" in batch.texts:
            self._currencies += _count_texts(batch.texts["currency"])
        for name in _FREE_TEXTS & batch.texts.keys():
            texts = batch.texts[name]
            self._missing[name] += _count_texts(texts.filter(compute.is_in(texts, _MISSING)))
        for name, values in (
            ("addresses", _find_invalid_addresses(batch)),
            ("decimals", _find_extra_decimals(batch)),
            ("rounded", _find_rounded_amounts(batch)),
        ):
            if values:
                self._counts[name] += values.total()
                self._examples.setdefault(name, next(iter(values)))
        self._counts["refunds"] += batch.count("type", REFUND)
        self._counts["zero"] += batch.count_zero_amounts()

    def describe(self) -> Iterator[str]:
        """The findings, one line each."""
        counts = self._counts
        if blank := self._currencies[""]:
            yield f"{blank:,} transactions have no currency: they are read as {DEFAULT_CURRENCY}."
        yield from self._describe_currencies()
        yield from self._describe_missing()
        if count := counts["addresses"]:
            yield (
                f"{count:,} values of ip_address are not IP addresses, such as"
                f" '{self._examples['addresses']}'. Each is a network of its own."
            )
        if count := counts["decimals"]:
            yield (
                f"{count:,} amounts have more decimals than their currency, such as"
                f" {self._examples['decimals']}. Check the decimal mark and the currency."
            )
        if count := counts["rounded"]:
            yield (
                f"{count:,} amounts are written as {self._examples['rounded']}, which may have lost digits in"
                " a spreadsheet. Export them with all digits."
            )
        if self.unlabelled and LABEL in self._map.sources:
            yield f"{self.unlabelled:,} transactions have no label yet: they are history only."
        if counts["zero"]:
            yield f"{counts['zero']:,} amounts are 0. 'zero_amounts: leave_out' in a map leaves them out."
        if counts["refunds"]:
            yield f"{counts['refunds']:,} refunds: they are counted for their accounts and not scored."
        if counts["refunds"] > self.transactions / 2:
            yield "most transactions are refunds. If payments have negative amounts, reverse all signs."
        for name, count in sorted(self.left_out.items()):
            if count:
                yield f"{count:,} {name} are left out, as declared."
        yield from self._describe_times()

    def _describe_currencies(self) -> Iterator[str]:
        unrated = sorted(
            currency
            for currency in self._currencies
            if currency and convert_to_euros(Decimal(1), currency) is None
        )
        if count := sum(self._currencies[currency] for currency in unrated):
            yield (
                f"{count:,} transactions are in currencies without an exchange rate ({', '.join(unrated)}):"
                " they are counted, but rules, models and figures do not know their amounts."
            )

    def _describe_missing(self) -> Iterator[str]:
        for name, texts in sorted(self._missing.items()):
            for text, count in texts.most_common():
                yield (
                    f"{name} is {text} in {count:,} rows. If it is missing there, declare"
                    f" missing: ['{text}'] in the file of --columns."
                )

    def _describe_times(self) -> Iterator[str]:
        zone = self._kind.declared.timezone
        if count := self._times.ambiguous:
            yield f"times that occur twice in {zone}: {count:,}. They are read in the order of the rows."
        if count := self._times.skipped:
            yield (
                f"times that do not occur in {zone}, because clocks are set forward: {count:,}. Check"
                " --timezone."
            )
        if self.last_ms < _RECENT_MS and self._kind.unit and self._kind.declared.start_ms is None:
            yield (
                f"all times are before {format_timestamp(_RECENT_MS)}. Check the unit. If they are steps, or"
                " days of a spreadsheet, declare it in the file of --columns, such as"
                " 'time: {unit: days, start: 1899-12-30}'."
            )
        elif self.last_ms > _FUTURE_MS:
            yield f"times reach {format_timestamp(self.last_ms)}. Check the unit or format of times."
        elif self.last_ms - self.first_ms > _LONG_MS and self._early_times:
            yield (
                f"{self._early_times:,} times are before {format_timestamp(_RECENT_MS)}, but the last one is"
                f" {format_timestamp(self.last_ms)}: they may have another unit."
            )
        has_steps = self._kind.unit in ("hours", "days")
        has_minutes_only = bool(self._kind.declared.format) and "S" not in self._kind.declared.format
        if has_steps or has_minutes_only or self.transactions < _MIN_STEP_ROWS:
            return
        if self.first_ms == self.last_ms:
            yield f"all times are {format_timestamp(self.first_ms)}: check the column of the times."
            return
        if self._step_ms and any(self._step_ms % lost_ms == 0 for lost_ms in _LOST_STEPS_MS):
            yield (
                f"all times are multiples of {self._step_ms // 1000:,} seconds: digits may be lost."
                " Export times with seconds, or declare the unit with --unit."
            )
        elif self.transactions >= _MIN_ROWS and self._equal_times > _MAX_EQUAL_SHARE * self.transactions:
            yield (
                f"{self._equal_times:,} of {self.transactions:,} transactions have the time of the row before"
                " them: digits may be lost. Export times with seconds, or declare the unit with --unit."
            )


def _count_texts(texts: pyarrow.StringArray) -> Counter[str]:
    values, counts = texts.value_counts().flatten()
    return Counter(dict(zip(values.to_pylist(), counts.to_pylist(), strict=True)))


def _find_invalid_addresses(batch: TransactionBatch) -> Counter[str]:
    """The values of ip_address that are no addresses, at most the distinct ones of the batch."""
    if not batch.has_values("ip_address"):
        return Counter()
    texts = batch.texts["ip_address"]
    suspects = texts.filter(compute.invert(compute.match_substring_regex(texts, _IP_V4)))
    return Counter(
        {text: count for text, count in _count_texts(suspects).items() if text and not _is_address(text)}
    )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _find_rounded_amounts(batch: TransactionBatch) -> Counter[str]:
    """The amounts in the notation of spreadsheets. Other programs write an exponent without losing digits."""
    amounts = batch.texts["amount"]
    return _count_texts(amounts.filter(compute.match_substring_regex(amounts, r"E[+-]")))


def _find_extra_decimals(batch: TransactionBatch) -> Counter[str]:
    """The amounts that have more decimals than their currency."""
    amounts = batch.texts["amount"]
    is_suspect = compute.match_substring_regex(amounts, r"\.\d{2,}[1-9]")
    currencies = batch.texts.get("currency")
    if currencies is None:
        currencies = pyarrow.repeat(pyarrow.scalar(DEFAULT_CURRENCY), len(amounts))
    else:
        has_fraction = compute.match_substring_regex(amounts, r"\.\d*[1-9]")
        is_suspect = compute.or_(
            is_suspect, compute.and_(has_fraction, compute.is_in(currencies, _WITHOUT_DECIMALS))
        )
    pairs = zip(
        amounts.filter(is_suspect).to_pylist(), currencies.filter(is_suspect).to_pylist(), strict=True
    )
    return Counter(
        f"{amount} {currency or DEFAULT_CURRENCY}"
        for amount, currency in pairs
        if has_extra_decimals(Decimal(amount), currency or DEFAULT_CURRENCY)
    )
