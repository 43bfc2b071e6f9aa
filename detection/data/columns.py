"""The columns of a dataset, and the conversion of a row's cells to a labelled transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from operator import itemgetter

from msgspec import Struct

from detection.data.row_errors import (
    AMOUNT_LIMIT,
    MIN_MILLISECONDS,
    BadRowError,
    Unit,
    describe_row_error,
    parse_number,
)
from detection.rules.names import CHANNELS
from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import CURRENCIES
from functions.common.domain.transaction_event import TransactionInserted

REQUIRED = ("transaction_id", "account_id", "merchant_id", "amount", "timestamp")
LABEL = "is_fraud"
OPTIONAL = ("scenario", "currency", "country", "channel", "device_id", "merchant_category")
COLUMNS = (*REQUIRED, LABEL, *OPTIONAL)

UNIT_NAMES: dict[Unit, str] = {"s": "seconds", "ms": "milliseconds"}
DEFAULT_CURRENCY = "EUR"
_FACTORS: dict[Unit, int] = {"s": 1000, "ms": 1}
_LABELS = {
    spelling: label
    for text, label in (("0", False), ("1", True), ("false", False), ("true", True))
    for spelling in (text, text.upper(), text.capitalize())
}


class LabelledTransaction(Struct, frozen=True, gc=False):
    """A transaction with its label. `is_fraud` is None if the dataset has no label for it.

    `scenario`: the kind of fraud, or empty.
    """

    transaction: TransactionInserted
    is_fraud: bool | None
    scenario: str


@dataclass(frozen=True)
class ColumnLayout:
    """The columns of a file in the order of its cells, and the unit of its timestamps."""

    names: tuple[str, ...]
    unit: Unit
    unit_is_given: bool = False

    def missing_columns(self, *, labels: bool) -> list[str]:
        """Required columns that the file does not have. `labels`: whether the label is required."""
        required = (*REQUIRED, LABEL) if labels else REQUIRED
        return [name for name in required if name not in self.names]

    @property
    def ignored_columns(self) -> list[str]:
        return [name for name in self.names if name not in COLUMNS]

    def row_parser(self) -> Callable[[list[str]], LabelledTransaction]:
        """A function that converts the cells of a row.

        The function raises BadRowError and appends a cell to its argument.
        """
        # A missing column reads the empty cell that is appended to each row.
        pick = itemgetter(*(self.names.index(name) if name in self.names else -1 for name in COLUMNS))
        labels = _LABELS if LABEL in self.names else {**_LABELS, "": None}
        width, factor = len(self.names), _FACTORS[self.unit]
        begin = MIN_MILLISECONDS if self.unit == "ms" and not self.unit_is_given else 0
        end, amount_limit = MIN_MILLISECONDS * 1000, AMOUNT_LIMIT

        def parse_row(cells: list[str]) -> LabelledTransaction:
            if len(cells) != width:
                raise BadRowError(f"the row has {len(cells)} cells, but the header has {width} columns")
            cells.append("")
            picked = pick(cells)
            transaction_id, account_id, merchant_id, amount_text, time_text, label, scenario, *codes = picked
            currency, country, channel, device_id, category = codes
            try:
                time = int(time_text) * factor if time_text.isdigit() else _scale_decimal(time_text, factor)
                amount = Decimal(amount_text)
                is_fraud = labels[label]
                if (
                    0 <= amount < amount_limit
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
                    return LabelledTransaction(transaction, is_fraud, scenario)
            except (ValueError, InvalidOperation, KeyError):
                pass
            raise BadRowError(describe_row_error(dict(zip(COLUMNS, picked, strict=True)), self.unit, labels))

        return parse_row


def infer_unit(time_text: str) -> Unit:
    """The unit of a file's timestamps, by its first one. Raises BadRowError if it is not a number."""
    return "s" if parse_number("timestamp", time_text) < MIN_MILLISECONDS else "ms"


def _scale_decimal(text: str, factor: int) -> int:
    """Milliseconds of a timestamp with a decimal point."""
    return int(Decimal(text) * factor)
