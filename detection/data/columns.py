"""The columns of a file of transactions, and what a row of them says.

What is wrong with a row is put into words by row_faults.py, and sources.py reads the rows of a file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from operator import itemgetter

from msgspec import Struct

from detection.data.row_errors import (
    AMOUNTS_END,
    CHANNELS,
    FIRST_MILLISECONDS,
    BadRowError,
    Unit,
    fault,
    number,
)
from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import CURRENCIES
from functions.common.domain.transaction_event import TransactionInserted

REQUIRED = ("transaction_id", "account_id", "merchant_id", "amount", "timestamp")
LABEL = "is_fraud"
OPTIONAL = ("scenario", "currency", "country", "channel", "device_id", "merchant_category")
COLUMNS = (*REQUIRED, LABEL, *OPTIONAL)

UNITS: dict[Unit, str] = {"s": "seconds", "ms": "milliseconds"}
DEFAULT_CURRENCY = "EUR"
_FACTORS: dict[Unit, int] = {"s": 1000, "ms": 1}
_LABELS = {
    spelling: label
    for text, label in (("0", False), ("1", True), ("false", False), ("true", True))
    for spelling in (text, text.upper(), text.capitalize())
}


class Labelled(Struct, frozen=True, gc=False):
    """A transaction and whether it was fraud: None where the file does not say. `scenario` may be empty."""

    transaction: TransactionInserted
    is_fraud: bool | None
    scenario: str


@dataclass(frozen=True)
class Shape:
    """Which columns a file has, by their place, and in what its times are counted."""

    names: tuple[str, ...]
    unit: Unit
    unit_was_said: bool = False

    def missing(self, *, labels: bool) -> list[str]:
        """The columns that a file needs and this one does not have."""
        needed = (*REQUIRED, LABEL) if labels else REQUIRED
        return [name for name in needed if name not in self.names]

    @property
    def ignored(self) -> list[str]:
        """Columns that mean nothing here."""
        return [name for name in self.names if name not in COLUMNS]

    def reader(self) -> Callable[[list[str]], Labelled]:
        """What makes a transaction of a row's cells: it raises BadRowError, and adds a cell to the row."""
        # A column that is missing is read from the empty cell that is put at each row's end.
        pick = itemgetter(*(self.names.index(name) if name in self.names else -1 for name in COLUMNS))
        labels = _LABELS if LABEL in self.names else {**_LABELS, "": None}
        width, factor = len(self.names), _FACTORS[self.unit]
        begin = FIRST_MILLISECONDS if self.unit == "ms" and not self.unit_was_said else 0
        end, amounts_end = FIRST_MILLISECONDS * 1000, AMOUNTS_END

        def read(cells: list[str]) -> Labelled:
            if len(cells) != width:
                raise BadRowError(f"{len(cells)} cells, but {width} columns")
            cells.append("")
            picked = pick(cells)
            transaction_id, account_id, merchant_id, amount_text, time_text, label, scenario, *codes = picked
            currency, country, channel, device_id, category = codes
            try:
                time = int(time_text) * factor if time_text.isdigit() else _fraction(time_text, factor)
                amount = Decimal(amount_text)
                is_fraud = labels[label]
                if (
                    0 <= amount < amounts_end
                    and begin <= time < end
                    and transaction_id
                    and account_id
                    and merchant_id
                    and (not currency or currency in CURRENCIES)
                    and (not country or country in COUNTRIES)
                    and (not channel or channel in CHANNELS)
                ):
                    transaction = TransactionInserted(
                        transaction_id=transaction_id,
                        timestamp=time,
                        account_id=account_id,
                        merchant_id=merchant_id,
                        amount=amount,
                        currency=currency or DEFAULT_CURRENCY,
                        channel=channel or None,
                        country=country or None,
                        device_id=device_id or None,
                        merchant_category=category or None,
                        received_at=time,
                    )
                    return Labelled(transaction, is_fraud, scenario)
            except (ValueError, InvalidOperation, KeyError):
                pass
            raise BadRowError(fault(dict(zip(COLUMNS, picked, strict=True)), self.unit, labels))

        return read


def unit_of(time_text: str) -> Unit:
    """In what a file's times are counted, by its first. Raises BadRowError if that is no number."""
    return "s" if number("timestamp", time_text) < FIRST_MILLISECONDS else "ms"


def _fraction(text: str, factor: int) -> int:
    """Milliseconds, where a program wrote a whole number with a point or seconds with a part of one."""
    return int(Decimal(text) * factor)
