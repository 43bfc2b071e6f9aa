"""Inspection of a file: its format, columns and values, and a map for it."""

import csv
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from pyarrow import compute

from detection.data.batch_converter import BatchConverter, default_map
from detection.data.column_map import KNOWN_COLUMNS, LABEL, REQUIRED, ColumnMap, Unit
from detection.data.columns import DEFAULT_CURRENCY
from detection.data.dataset import Dataset, DatasetSummary, suggest_header
from detection.data.maps.day_order import settle_day_order
from detection.data.maps.layout_adapter import adapt_layout
from detection.data.maps.map_proposal import NO_CURRENCY, NO_ZONE, MapProposal, propose_map
from detection.data.maps.map_reader import find_layout, parse_column_map, read_column_map, read_map_text
from detection.data.table_file import Table, TableBatch, TextTable, open_table, read_first_batch
from detection.data.tables.text_format import UNDECLARED, TextFormat, find_utf_16
from detection.data.times import UNIT_NAMES, TimeConverter, TimeKind
from detection.errors import DetectionError, EncodingError
from functions.common.domain.card_numbers import mask_card_numbers

_EXAMPLES = 3
_MAX_REASONS = 5


@dataclass(frozen=True)
class InspectedColumn:
    """A column of the file, the field that reads it, and distinct values of its first rows."""

    name: str
    type: str
    used_as: str
    examples: list[str]
    blank: int


@dataclass
class Inspection:
    """The findings about a file.

    `map_name`: the given map, the ready layout that fits, or "proposed". `proposal` is the map as YAML.
    `problem`: the reason why no transactions can be read with the map. `rejected` has reasons of bad rows.
    """

    file: str
    facts: dict[str, str]
    columns: list[InspectedColumn]
    map_name: str
    proposal: str
    questions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    hint: str = ""
    times: str = ""
    summary: DatasetSummary | None = None
    currencies: dict[str, int] = field(default_factory=dict)
    rejected: list[str] = field(default_factory=list)


def inspect_file(
    path: Path,
    columns: str = "",
    *,
    unit: Unit | None = None,
    timezone: str = "",
    progress: Callable[[int], None] = lambda _: None,
) -> Inspection:
    """Read the whole file. `columns`: a map as for the option `--columns`, or empty.

    Raises DetectionError if the file or the map is not readable.
    """
    given = read_column_map(columns) if columns else None
    text_format = given.text_format if given else UNDECLARED
    try:
        return _inspect(path, columns, given, text_format, unit=unit, timezone=timezone, progress=progress)
    except EncodingError:
        encoding = "" if given else _find_encoding(path)
        if not encoding:
            raise
        text_format = TextFormat(encoding=encoding)
    return _inspect(path, columns, given, text_format, unit=unit, timezone=timezone, progress=progress)


def _find_encoding(path: Path) -> str:
    """The likely encoding of a text that is not UTF-8: that of Windows, or UTF-16 without a mark.

    Empty if the file is not a text file.
    """
    table = open_table(path, TextFormat(encoding="latin-1"))
    beginning = table.read_beginning() if isinstance(table, TextTable) else b"\0"
    return find_utf_16(beginning) or ("" if b"\0" in beginning else "cp1252")


def _inspect(
    path: Path,
    columns: str,
    given: ColumnMap | None,
    text_format: TextFormat,
    *,
    unit: Unit | None,
    timezone: str,
    progress: Callable[[int], None],
) -> Inspection:
    table = open_table(path, text_format, KNOWN_COLUMNS)
    first = read_first_batch(table)
    proposal, name, column_map = _choose_map(
        table, first, columns, given, text_format, unit=unit, timezone=timezone
    )
    inspection = Inspection(
        file=str(path),
        facts=table.facts,
        columns=_describe_columns(table, first, column_map),
        map_name=name,
        proposal=read_map_text(name) if name not in ("", "proposed") else proposal.text,
        questions=proposal.questions if name == "proposed" else [],
    )
    if proposal.missing and name == "proposed":
        inspection.problem = f"No column was recognized as {', '.join(proposal.missing)}."
        inspection.hint = suggest_header(table.column_names) or "Complete the proposed map."
        return inspection
    try:
        _read_transactions(inspection, path, column_map, unit=unit, timezone=timezone, progress=progress)
    except EncodingError:
        raise
    except DetectionError as error:
        inspection.problem, inspection.hint = error.message, error.hint
    return inspection


def _choose_map(
    table: Table,
    first: TableBatch,
    columns: str,
    given: ColumnMap | None,
    text_format: TextFormat,
    *,
    unit: Unit | None,
    timezone: str,
) -> tuple[MapProposal, str, ColumnMap | None]:
    """The proposal, the name of the map that reads the file, and the map; None for the columns' own names."""
    if given is not None:
        return MapProposal(), columns, given
    layout = find_layout(table.column_names)
    if layout:
        column_map = read_column_map(layout)
        adapted = adapt_layout(read_map_text(layout), column_map, first, unit=unit, timezone=timezone)
        if adapted is None and not text_format.encoding:
            return MapProposal(), layout, column_map
        proposal = adapted or MapProposal.from_text(read_map_text(layout))
    else:
        proposal = propose_map(table, first, unit=unit, timezone=timezone)
    if text_format.encoding:
        proposal.settings["encoding"] = text_format.encoding
        proposal.questions.append(
            f"The file is not UTF-8 and is read as {text_format.encoding}. Check accents and symbols."
        )
    if proposal.missing:
        return proposal, "proposed", None
    settle_day_order(proposal, table)
    column_map = parse_column_map(proposal.text, "proposed")
    if not column_map.is_unsorted and _is_unsorted(column_map, first):
        proposal.settings["sort"] = True
        proposal.questions.append("The rows are not in order of time and are sorted in memory.")
    elif not layout and _needs_no_map(table, first, proposal):
        return proposal, "", None
    column_map = parse_column_map(proposal.text, "proposed")
    return proposal, "proposed", replace(column_map, text_format=table.text_format)


def _is_unsorted(column_map: ColumnMap, first: TableBatch) -> bool:
    texts = BatchConverter(column_map, TimeKind(column_map.time, None, is_inferred=False)).read_texts(
        first, column_map.sources["timestamp"]
    )
    times = TimeConverter(TimeKind.detect(column_map.time, texts.to_pylist())).convert(texts)
    valid_times = times.times_ms[times.is_valid]
    return bool((valid_times[1:] < valid_times[:-1]).any())


def _needs_no_map(table: Table, first: TableBatch, proposal: MapProposal) -> bool:
    """Whether the names of the columns and the defaults read the file as the proposal does.

    A question about the file can only be answered in a map. The reader notes an assumed currency or zone.
    """
    if not set(REQUIRED) <= set(table.column_names) or set(proposal.questions) - {NO_CURRENCY, NO_ZONE}:
        return False
    sources = default_map(table.column_names).sources
    if any(
        sources[name].columns != (proposal.columns.get(name),)
        for name in sources
        if compute.any(compute.not_equal(first.columns[sources[name].columns[0]], "")).as_py()
    ):
        return False
    if any(name not in sources for name, source in proposal.columns.items() if isinstance(source, str)):
        return False
    time = proposal.settings.get("time", {})
    return set(proposal.settings) <= {"time"} and "format" not in time and "start" not in time


def _describe_columns(table: Table, first: TableBatch, column_map: ColumnMap | None) -> list[InspectedColumn]:
    used: dict[str, str] = {}
    for name, source in column_map.sources.items() if column_map else ():
        used |= dict.fromkeys(source.columns, name)
    columns = []
    for name in table.column_names:
        texts = first.columns[name]
        values = [text for text in texts.unique().to_pylist() if text]
        used_as = used.get(name, "") if column_map else (name if name in KNOWN_COLUMNS else "")
        blank = int(compute.equal(texts, "").true_count)
        examples = [mask_card_numbers(text) for text in values[:_EXAMPLES]]
        columns.append(InspectedColumn(name, table.column_types[name], used_as, examples, blank))
    return columns


def _read_transactions(
    inspection: Inspection,
    path: Path,
    column_map: ColumnMap | None,
    *,
    unit: Unit | None,
    timezone: str,
    progress: Callable[[int], None],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rejects = Path(folder, "rejects.csv")
        dataset = Dataset(
            path, unit=unit, labels=False, columns=column_map, timezone=timezone, rejects=rejects
        )
        kind = dataset.time_kind
        inspection.times = UNIT_NAMES[kind.unit] if kind.unit else kind.declared.format or "ISO 8601"
        inspection.notes = dataset.notes()
        summary = dataset.check(progress)
        if summary.rejected:
            inspection.rejected = _read_reasons(rejects)
        inspection.summary = summary
        inspection.notes += [note for note in summary.notes if str(rejects) not in note]
        counts: Counter[str] = Counter()
        for transactions in dataset.batches():
            if "currency" in transactions.texts:
                values = transactions.texts["currency"].value_counts().to_pylist()
                for entry in values:
                    counts[entry["values"] or DEFAULT_CURRENCY] += entry["counts"]
            else:
                counts[DEFAULT_CURRENCY] += len(transactions)
        inspection.currencies = dict(counts.most_common())
        if LABEL not in dataset.column_map.sources:
            inspection.notes.append(
                f"{path}: no label: train and backtest need one, rules.try and send do not."
            )


def _read_reasons(rejects: Path) -> list[str]:
    """The first reasons. The rows have the columns of the file, or others if they are malformed."""
    # A malformed row can be one long cell.
    csv.field_size_limit(sys.maxsize)
    with rejects.open(encoding="utf-8", newline="") as stream:
        unit, *_ = next(rows := csv.reader(stream))
        return [f"{unit} {number}: {reason}" for number, reason, *_ in islice(rows, _MAX_REASONS)]
