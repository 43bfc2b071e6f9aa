"""Reads column maps from YAML, of a file or of a ready layout."""

import codecs
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import get_args

from yaml.nodes import Node, ScalarNode

from detection.data.column_map import (
    DEFAULT_FRAUD,
    DEFAULT_GENUINE,
    FIELDS,
    LABEL,
    REQUIRED,
    AmountFormat,
    ColumnMap,
    ColumnSource,
    TimeFormat,
    TimeUnit,
    Treatment,
    check_timezone,
    label_spellings,
)
from detection.data.row_faults import CODES, IDS
from detection.data.tables.text_format import TextFormat
from detection.errors import DetectionError
from detection.rules.errors import Fault
from detection.rules.yaml_reader import YamlReader

_LAYOUTS = Path(__file__).with_name("layouts")
# Columns that tell a layout with few names from other files.
_MARKS = {"creditcard": ("V1",)}
_MAP_FIELDS = {
    "about": False,
    "encoding": False,
    "delimiter": False,
    "quote": False,
    "missing": False,
    "sort": False,
    "columns": True,
    "time": False,
    "amount": False,
    "labels": False,
    "refunds": False,
    "zero_amounts": False,
}
_SOURCE_FIELDS = dict.fromkeys(
    ("column", "columns", "join", "constant", "generate", "values", "integer", "case"), False
)
_NO_MARKS = ("\0", "\n", "\r")
_TIMES = ("timestamp", "reported_at")
_TIME_FIELDS = dict.fromkeys(("unit", "format", "timezone", "start"), False)
_AMOUNT_FIELDS = dict.fromkeys(("decimal", "thousands", "symbols"), False)
_LABEL_FIELDS = dict.fromkeys(("fraud", "genuine", "unknown"), False)


def layout_names() -> list[str]:
    """The names of the ready layouts."""
    return sorted(path.stem for path in _LAYOUTS.glob("*.yaml"))


def find_layout(column_names: Sequence[str]) -> str:
    """The largest ready layout whose columns are all in the file; empty if there is none.

    The column of the labels may be missing.
    """
    fitting = {}
    for name in layout_names():
        column_map = read_column_map(name)
        required = {*column_map.columns, *_MARKS.get(name, ())} - set(column_map.sources[LABEL].columns)
        if required <= set(column_names):
            fitting[name] = len(column_map.columns)
    return max(fitting, key=fitting.__getitem__, default="")


def read_column_map(
    name: str, required: Collection[str] = REQUIRED, additional: Collection[str] = ()
) -> ColumnMap:
    """The map of a ready layout, or in a YAML file, with the required fields.

    `additional`: fields that it may have besides those of a transaction.

    Raises DetectionError with all faults in it.
    """
    return parse_column_map(read_map_text(name), name, required, additional)


def read_map_text(name: str) -> str:
    """The YAML of a ready layout, or of a file. Raises DetectionError."""
    path = _LAYOUTS / f"{name}.yaml" if name in layout_names() else Path(name)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DetectionError(f"--columns: {name} is not UTF-8.", "Save it as UTF-8.") from error
    except OSError as error:
        raise DetectionError(
            f"--columns: cannot read {name}: {error.strerror}.",
            _suggest_layout(name),
        ) from error


def _suggest_layout(name: str) -> str:
    if close := get_close_matches(name, layout_names(), n=1):
        return f"Did you mean the layout {close[0]}?"
    return f"Use a YAML file or one of the layouts {', '.join(layout_names())}."


def parse_column_map(
    text: str, name: str, required: Collection[str] = REQUIRED, additional: Collection[str] = ()
) -> ColumnMap:
    """The map in the text of the file `name`. Raises DetectionError with all faults."""
    reader = _MapReader(text)
    reader.required, reader.additional = required, additional
    column_map = reader.read(name)
    if column_map is None or reader.faults:
        faults = sorted(set(reader.faults)) or [Fault(1, 1, "the file is empty: add columns")]
        lines = (f"{name}:{line}:{column}: {message}" for line, column, message in faults)
        raise DetectionError("\n".join(lines) + ".", "invoke data.inspect FILE proposes a map.")
    return column_map


def _has_date(text_format: str) -> bool:
    """Whether the directives of the format are those of Python and include a day."""
    day = datetime(2001, 12, 31, tzinfo=UTC)
    try:
        parsed = datetime.strptime(day.strftime(text_format), text_format)
    except ValueError:
        return False
    return parsed.date() == day.date()


def _add_checked_columns(sources: dict[str, ColumnSource]) -> dict[str, ColumnSource]:
    """The sources, with the columns of the required fields as those that generated ids depend on."""
    names = dict.fromkeys(name for field in REQUIRED if field in sources for name in sources[field].columns)
    return {
        field: replace(source, checked_columns=tuple(names)) if source.is_generated else source
        for field, source in sources.items()
    }


class _MapReader(YamlReader):
    """Reads a map. Faults have their positions."""

    required: Collection[str] = REQUIRED
    additional: Collection[str] = ()

    def read(self, name: str) -> ColumnMap | None:
        root = self.read_document()
        if root is None:
            # The only fault of an empty document is a sentence about rules.
            self.faults = [
                fault for fault in self.faults if not fault.message.startswith("the file is empty")
            ]
            return None
        nodes = self.read_fields(root, "the map", _MAP_FIELDS)
        sources = self._sources(nodes["columns"]) if "columns" in nodes else {}
        return ColumnMap(
            name=name,
            text_format=TextFormat(
                encoding=self._encoding(nodes.get("encoding")),
                delimiter=self._mark(nodes.get("delimiter"), "delimiter"),
                quote=self._mark(nodes.get("quote"), "quote"),
            ),
            sources=sources,
            time=self._time(nodes["time"]) if "time" in nodes else TimeFormat(),
            amount=self._amount(nodes["amount"]) if "amount" in nodes else AmountFormat(),
            labels=self._labels(nodes["labels"]) if "labels" in nodes else label_spellings(),
            missing=tuple(self._texts(nodes["missing"], "missing")) if "missing" in nodes else (),
            refunds=self._treatment(nodes.get("refunds"), "refunds"),
            zero_amounts=self._treatment(nodes.get("zero_amounts"), "zero_amounts") or "keep",
            is_unsorted=self._flag(nodes.get("sort"), "sort"),
        )

    def _sources(self, node: Node) -> dict[str, ColumnSource]:
        allowed = dict.fromkeys((*FIELDS, *self.additional), False) | dict.fromkeys(self.required, True)
        sources = {}
        for name, value in self.read_fields(node, "columns", allowed).items():
            if (source := self._source(name, value)) is not None:
                sources[name] = source
        return _add_checked_columns(sources)

    def _source(self, name: str, node: Node) -> ColumnSource | None:
        if isinstance(node, ScalarNode):
            column = self.read_string(node, name)
            return ColumnSource(columns=(column,)) if column else None
        nodes = self.read_fields(node, name, _SOURCE_FIELDS)
        origins = [key for key in ("column", "columns", "constant", "generate") if key in nodes]
        if len(origins) != 1:
            self.add_fault(node, f"{name} needs one of column, columns, constant, generate")
            return None
        columns: tuple[str, ...] = ()
        if "column" in nodes:
            columns = (self.read_string(nodes["column"], "column") or "",)
        if "columns" in nodes:
            columns = tuple(self._texts(nodes["columns"], "columns"))
            if not columns:
                self.add_fault(nodes["columns"], "columns needs at least one column")
        if "generate" in nodes:
            self.read_choice(nodes["generate"], "generate", ("row_number",))
            if name not in IDS:
                self.add_fault(nodes["generate"], f"{name} cannot be generated: only {', '.join(IDS)} can")
        if "case" in nodes:
            self.read_choice(nodes["case"], "case", ("upper",))
        self._check_codes(name, nodes)
        join = nodes.get("join")
        return ColumnSource(
            columns=columns,
            join=(self.read_string(join, "join") or "") if join else " " if name in _TIMES else "-",
            constant=(self.read_string(nodes["constant"], "constant") or "") if "constant" in nodes else "",
            is_generated="generate" in nodes,
            is_integer=self._flag(nodes.get("integer"), "integer"),
            is_upper_case="case" in nodes,
            values=self._values(nodes["values"]) if "values" in nodes else {},
        )

    def _check_codes(self, name: str, nodes: Mapping[str, Node]) -> None:
        """Add a fault for each value in the map that is not a code of the field."""
        if name not in CODES:
            return
        codes, expected = CODES[name]
        texts = [nodes["constant"]] if "constant" in nodes else []
        if "values" in nodes:
            texts += [value for _, value in self.read_mapping(nodes["values"], "values").values()]
        for node in texts:
            text = self.read_string(node, name)
            if text and text not in codes:
                self.add_fault(node, f"{name} '{text}' is not {expected}")

    def _values(self, node: Node) -> dict[str, str]:
        entries = self.read_mapping(node, "values").items()
        return {name: self.read_string(value, name) or "" for name, (_, value) in entries}

    def _time(self, node: Node) -> TimeFormat:
        nodes = self.read_fields(node, "time", _TIME_FIELDS)
        unit = self.read_choice(nodes["unit"], "unit", get_args(TimeUnit)) if "unit" in nodes else None
        start = self._start(nodes["start"]) if "start" in nodes else None
        timezone = (self.read_string(nodes["timezone"], "timezone") or "") if "timezone" in nodes else ""
        if timezone and not check_timezone(timezone):
            self.add_fault(
                nodes["timezone"], f"unknown time zone '{timezone}': use a name such as Europe/Berlin"
            )
        if unit in ("hours", "days") and "start" not in nodes:
            self.add_fault(node, "steps need the key 'start': a date such as 2026-01-31")
        if start is not None and unit is None:
            self.add_fault(node, "start needs the key 'unit': the unit of the numbers after it")
        if "format" in nodes and ("unit" in nodes or "start" in nodes):
            self.add_fault(nodes["format"], "use either format or unit and start")
        text_format = (self.read_string(nodes["format"], "format") or "") if "format" in nodes else ""
        if "format" in nodes and not _has_date(text_format):
            self.add_fault(nodes["format"], "format must have a year, a month and a day, such as %d/%m/%Y")
        return TimeFormat(unit=unit, format=text_format, timezone=timezone, start_ms=start)

    def _start(self, node: Node) -> int | None:
        text = self.read_string(node, "start")
        try:
            start = datetime.fromisoformat(text or "")
        except ValueError:
            self.add_fault(node, "start must be a date or a time, such as 2026-01-31")
            return None
        return int(start.replace(tzinfo=start.tzinfo or UTC).timestamp() * 1000)

    def _amount(self, node: Node) -> AmountFormat:
        nodes = self.read_fields(node, "amount", _AMOUNT_FIELDS)
        decimal = self._character(nodes.get("decimal"), "decimal") or "."
        thousands = self._character(nodes.get("thousands"), "thousands")
        if decimal == thousands:
            self.add_fault(node, "decimal and thousands must be different characters")
        symbols = tuple(self._texts(nodes["symbols"], "symbols")) if "symbols" in nodes else ()
        return AmountFormat(decimal=decimal, thousands=thousands, symbols=symbols)

    def _labels(self, node: Node) -> dict[str, bool | None]:
        nodes = self.read_fields(node, "labels", _LABEL_FIELDS)
        texts = {name: tuple(self._texts(value, name)) for name, value in nodes.items()}
        counts = Counter(
            spelling for spellings in texts.values() for spelling in set(map(str.lower, spellings))
        )
        for spelling in (spelling for spelling, count in counts.items() if count > 1):
            self.add_fault(node, f"the label '{spelling}' has several meanings: remove all but one")
        return label_spellings(
            texts.get("fraud", DEFAULT_FRAUD), texts.get("genuine", DEFAULT_GENUINE), texts.get("unknown", ())
        )

    def _encoding(self, node: Node | None) -> str:
        text = (self.read_string(node, "encoding") or "") if node else ""
        try:
            # Raises LookupError for codecs of bytes, such as hex, and UnicodeError for those of names.
            b"a".decode(text or "utf-8", errors="replace")
            return codecs.lookup(text).name if text else ""
        except (LookupError, UnicodeError):
            if node:
                self.add_fault(node, f"unknown encoding '{text}': use a name such as utf-8 or latin-1")
            return ""

    def _character(self, node: Node | None, label: str) -> str:
        text = (self.read_string(node, label) or "") if node else ""
        text = {"tab": "\t", "comma": ",", "semicolon": ";", "space": " ", "point": "."}.get(text, text)
        if node and len(text) != 1:
            self.add_fault(node, f"{label} must be one character, in quotes")
            return ""
        return text

    def _mark(self, node: Node | None, label: str) -> str:
        """A character around or between cells."""
        text = self._character(node, label)
        if node and (not text.isascii() or text.isalnum() or text in _NO_MARKS):
            self.add_fault(node, f"{label} must be an ASCII character, but not a letter, digit or line break")
        return text

    def _treatment(self, node: Node | None, label: str) -> Treatment | None:
        return self.read_choice(node, label, get_args(Treatment)) if node else None

    def _flag(self, node: Node | None, label: str) -> bool:
        return node is not None and self.read_choice(node, label, ("true", "false")) == "true"

    def _texts(self, node: Node, label: str) -> list[str]:
        return [self.read_string(item, label) or "" for item in self.read_list(node, label)]
