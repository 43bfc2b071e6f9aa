"""Column maps: how the columns of a file become the fields of a transaction, declared in YAML.

A ready map for a public layout is in the folder `layouts` and is used by its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

from detection.data.tables.text_format import UNDECLARED, TextFormat

Unit = Literal["s", "ms", "us", "ns"]
"""The unit of times that are numbers since 1970."""
TimeUnit = Literal["s", "ms", "us", "ns", "hours", "days"]
Treatment = Literal["keep", "leave_out"]

REQUIRED = ("transaction_id", "account_id", "merchant_id", "amount", "timestamp")
LABEL = "is_fraud"
LABEL_COLUMNS = (LABEL, "label")
OPTIONAL = (
    "scenario",
    "currency",
    "country",
    "channel",
    "device_id",
    "merchant_category",
    "ip_address",
    "type",
    "original_transaction_id",
)
FIELDS = (*REQUIRED, LABEL, *OPTIONAL)
KNOWN_COLUMNS = frozenset((*FIELDS, *LABEL_COLUMNS))

DEFAULT_FRAUD = ("1", "1.0", "1.00", "true", "t", "yes", "y", "fraud", "fraudulent")
DEFAULT_GENUINE = ("0", "0.0", "0.00", "false", "f", "no", "n", "genuine", "legit", "legitimate")

MISSING_TEXTS = (
    *("NULL", "Null", "null", "(null)", "NA", "<NA>", "N/A", "n/a", "None", "none", "nil"),
    *("NaN", "nan", "NAN", "-nan", "NaT", "\\N", "-", "--", ".", "?"),
    *("#N/A", "#NA", "#NULL!", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!"),
)
"""Texts that databases, libraries and spreadsheets write for a missing value."""


def label_spellings(
    fraud: tuple[str, ...] = DEFAULT_FRAUD,
    genuine: tuple[str, ...] = DEFAULT_GENUINE,
    unknown: tuple[str, ...] = (),
) -> dict[str, bool | None]:
    """The label of each spelling, in lower case. An empty cell is a label that is not known yet."""
    labels: dict[str, bool | None] = dict.fromkeys((text.lower() for text in ("", *unknown)), None)
    return (
        labels
        | dict.fromkeys((text.lower() for text in genuine), False)
        | dict.fromkeys((text.lower() for text in fraud), True)
    )


_DEFAULT_LABELS = label_spellings()


@dataclass(frozen=True, kw_only=True)
class ColumnSource:
    """The text of a field: columns of the file joined, or a constant, or a generated id.

    A generated id is the number of the row with a checksum of its `checked_columns`. Rows of different files
    have different ids, and a row has the same id after its label or other columns have changed.
    `is_integer` removes a fraction of zeros, `is_upper_case` converts to capital letters, and `values`
    replaces values of the file by ours, in this order.
    """

    columns: tuple[str, ...] = ()
    join: str = "-"
    constant: str = ""
    is_generated: bool = False
    checked_columns: tuple[str, ...] = ()
    is_integer: bool = False
    is_upper_case: bool = False
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TimeFormat:
    """Numbers of `unit` since `start_ms`, or texts in `format` or ISO 8601, by default in `timezone`.

    An empty unit is inferred from the first time. An empty time zone is UTC.
    """

    unit: TimeUnit | None = None
    format: str = ""
    timezone: str = ""
    start_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class AmountFormat:
    """The marks in amounts. Currency symbols and blanks are removed."""

    decimal: str = "."
    thousands: str = ""
    symbols: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        return self.decimal == "." and not self.thousands and not self.symbols


@dataclass(frozen=True, kw_only=True)
class ColumnMap:
    """A column map. `sources` has the fields that the file has.

    `labels`: the label of each spelling in lower case. `missing`: cells that are empty. `refunds`: the
    treatment of negative amounts, which are errors without it. `is_unsorted`: rows are sorted by time.
    """

    name: str = ""
    text_format: TextFormat = UNDECLARED
    sources: Mapping[str, ColumnSource]
    time: TimeFormat = TimeFormat()
    amount: AmountFormat = AmountFormat()
    labels: Mapping[str, bool | None] = field(default_factory=lambda: _DEFAULT_LABELS)
    missing: tuple[str, ...] = ()
    refunds: Treatment | None = None
    zero_amounts: Treatment = "keep"
    is_unsorted: bool = False

    @property
    def columns(self) -> list[str]:
        """The columns of the file that the map uses."""
        sources = self.sources.values()
        names = (name for source in sources for name in (*source.columns, *source.checked_columns))
        return list(dict.fromkeys(names))


def check_timezone(name: str) -> bool:
    """Whether the name is a time zone, such as Europe/Berlin."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
