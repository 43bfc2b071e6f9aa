"""Proposes a column map for a file, by the names of its columns and its first rows."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from detection.data.column_map import LABEL, MISSING_TEXTS, REQUIRED, TimeFormat, label_spellings
from detection.data.row_faults import IDS
from detection.data.table_file import TableBatch
from detection.data.time_formats import find_formats
from detection.data.times import TimeKind, find_digit_format, is_iso_time
from detection.rules.names import CHANNELS
from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import ALL_CURRENCIES
from functions.common.domain.transaction import PURCHASE, REFUND

# Without blanks and marks, in lower case; the first one that the file has is used.
_SYNONYMS: Mapping[str, str] = {
    "transaction_id": "transactionid txid txnid transid transnum transactionnumber paymentid eventid orderid"
    " id",
    "account_id": "accountid account accountnumber customerid customer custid userid user cardid cardnumber"
    " ccnum card clientid client entityid payer sender senderaccount fromaccount nameorig iban",
    "merchant_id": "merchantid merchant merchantname terminalid terminal shopid shop storeid store payee"
    " beneficiary recipient receiver receiveraccount toaccount vendor counterparty namedest",
    "amount": "amount amt transactionamount txamount transactionamt amountpaid paymentamount value orderprice"
    " price total",
    "timestamp": "timestamp transactiontime datetime transactiondatetime txdatetime transdatetranstime"
    " eventtimestamp createdat transactiondate date time step transactiondt",
    LABEL: "isfraud fraud label fraudflag fraudlabel class target txfraud islaundering eventlabel chargeback"
    " fraudulent",
    "scenario": "scenario fraudtype txfraudscenario",
    "currency": "currency currencycode ccy paymentcurrency",
    "country": "country countrycode merchantcountry",
    "channel": "channel",
    "device_id": "deviceid device devicefingerprint fingerprint",
    "merchant_category": "merchantcategory merchantcategorycode mcc category productcategory",
    "ip_address": "ipaddress ip clientip",
    "type": "type transactiontype",
    "original_transaction_id": "originaltransactionid",
}
_CODES: Mapping[str, Collection[str]] = {
    "currency": ALL_CURRENCIES,
    "country": COUNTRIES,
    "channel": CHANNELS,
    "type": (PURCHASE, REFUND),
}
_UPPER_CASE = ("currency", "country")
# Other texts for a channel, spelt as those of _SYNONYMS.
_CHANNEL_SYNONYMS: Mapping[str, str] = {
    "card_present": "cardpresent contactless pos pointofsale chip chiptransaction swipe swipetransaction"
    " instore store retail cp",
    "ecommerce": "ecommerce ecom online onlinetransaction internet web website mobile app cardnotpresent cnp",
    "atm": "atm cash cashwithdrawal withdrawal",
    "transfer": "transfer banktransfer wire wiretransfer sepa ach p2p",
}
_CHANNEL_CODES = {text: code for code, texts in _CHANNEL_SYNONYMS.items() for text in texts.split()}
_DATES_AND_TIMES = (
    ("date", "time"),
    ("transactiondate", "transactiontime"),
    ("transdate", "transtime"),
    ("txdate", "txtime"),
    ("paymentdate", "paymenttime"),
    ("eventdate", "eventtime"),
)
_CLOCK = re.compile(r"\d{1,2}:\d{2}.*")
_ZONE = re.compile(r"(Z|UTC|[+-]\d\d:?\d\d)$")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_DECIMAL_COMMA = re.compile(r"-?(\d+|\d{1,3}(\.\d{3})+),\d{1,2}")
_THOUSANDS_APOSTROPHE = re.compile(r"-?\d{1,3}(['\N{RIGHT SINGLE QUOTATION MARK}]\d{3})+(\.\d+)?")
_DECIMAL_POINT = re.compile(r"-?\d+\.\d{1,2}")
_THOUSANDS_POINT = re.compile(r"-?\d{1,3}(\.\d{3})+")
_INTEGER_AS_FLOAT = re.compile(r"-?\d+\.0+")
_THOUSANDS_COMMA = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
# Numbers below are steps, not seconds since 1970.
_MAX_STEP = 10_000_000
_START = "2018-01-01"
# A column with more repeated ids does not identify transactions. Single ones are bad rows.
_MIN_UNIQUE = 0.95
# A column with more values that are not codes has no codes. Single ones are bad rows.
_MIN_CODES = 0.9
# Day numbers of spreadsheets, from 2000 to 2064, with the time of day.
_SERIAL_DAY = re.compile(r"(3[6-9]|[45]\d)\d{3}\.\d{3,}")
_SERIAL_START = "1899-12-30"


@dataclass
class MapProposal:
    """A map as YAML, and what a user checks in it. `missing`: fields for which no column was found."""

    columns: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The YAML, with a comment for each field to complete."""
        lines = ["columns:"]
        lines += [f"  # {name}: choose a column, such as '{name}: NAME'" for name in self.missing]
        lines += [f"  {name}: {_dump(source)}" for name, source in self.columns.items()]
        lines += [f"{name}: {_dump(value)}" for name, value in self.settings.items()]
        return "\n".join(lines) + "\n"


def propose_map(column_names: Sequence[str], batch: TableBatch) -> MapProposal:
    """A map for a file with these columns, by the rows of `batch`."""
    proposer = _Proposer(column_names, batch)
    return proposer.propose()


class _Proposer:
    def __init__(self, column_names: Sequence[str], batch: TableBatch) -> None:
        self._names: dict[str, str] = {}
        for name in column_names:
            self._names.setdefault(_normalize(name), name)
        self._batch = batch
        self._proposal = MapProposal()
        self._currency = "EUR"

    def propose(self) -> MapProposal:
        proposal = self._proposal
        columns: dict[str, str] = {}
        channels: dict[str, str] = {}
        for name, synonyms in _SYNONYMS.items():
            column = next((self._names[text] for text in synonyms.split() if text in self._names), None)
            if column is None:
                continue
            if name == "channel":
                channels = self._find_channels(column)
            if (channels and name == "channel") or self._fits(name, column, columns.values()):
                columns[name] = column
            elif name in ("currency", "country", "channel"):
                self._ask_for_codes(name, column)
        sources: dict[str, Any] = dict(columns)
        if channels:
            sources["channel"] = {"column": columns["channel"], "values": channels}
        identifiers = self._values(columns["transaction_id"]) if "transaction_id" in columns else []
        if len(set(identifiers)) <= _MIN_UNIQUE * len(identifiers):
            if identifiers:
                repeated = Counter(identifiers).most_common(1)[0][0]
                proposal.questions.append(
                    f"{columns['transaction_id']} has the id '{repeated}' twice, so that ids are made of the"
                    " number and the cells of each row. Check whether rows are duplicates."
                )
            else:
                proposal.questions.append(
                    "No column identifies transactions: ids are made of the number and the cells of each row."
                )
            sources["transaction_id"] = {"generate": "row_number"}
        self._join_date_and_time(sources)
        proposal.missing = [name for name in REQUIRED if name not in sources]
        order = {name: index for index, name in enumerate(_SYNONYMS)}
        proposal.columns = {name: sources[name] for name in sorted(sources, key=order.__getitem__)}
        self._add_time(sources)
        if "amount" in columns:
            self._add_amount(columns["amount"])
        if LABEL in columns:
            self._add_labels(columns[LABEL])
        self._add_missing(columns.values())
        self._add_currency(proposal.columns)
        self._add_integers(proposal.columns)
        return proposal

    def _values(self, column: str) -> list[str]:
        return [
            text for text in self._batch.columns[column].to_pylist() if text and text not in MISSING_TEXTS
        ]

    def _fits(self, name: str, column: str, used: Collection[str]) -> bool:
        if column in used:
            return False
        if name not in _CODES:
            return True
        values, unknown = self._values(column), self._find_unknown_codes(name, column)
        if not values:
            # Later rows can have values: a refund is rare. Another name can have another meaning.
            return column.lower() == name
        if len(unknown) > (1 - _MIN_CODES) * len(values):
            return False
        if unknown:
            self._proposal.questions.append(
                f"'{unknown[0]}' in the column {column} is not a code: such rows are bad. To use them, set"
                f" '{name}' with 'values'."
            )
        return True

    def _find_unknown_codes(self, name: str, column: str) -> list[str]:
        texts = self._values(column)
        return [text for text in texts if (text.upper() if name in _UPPER_CASE else text) not in _CODES[name]]

    def _find_channels(self, column: str) -> dict[str, str]:
        """The code of each text that is not one, empty if any is unknown."""
        channels = {
            text: _CHANNEL_CODES.get(_normalize(text), "")
            for text in self._find_unknown_codes("channel", column)
        }
        if not all(channels.values()):
            return {}
        if channels:
            text, code = next(iter(channels.items()))
            self._proposal.questions.append(
                f"In the column {column}, '{text}' is read as {code}. Check the 'values' of channel."
            )
        return channels

    def _ask_for_codes(self, name: str, column: str) -> None:
        if unknown := self._find_unknown_codes(name, column):
            self._proposal.questions.append(
                f"The column {column} is not used: '{unknown[0]}' is not a code. To use it, set '{name}' with"
                " 'values'."
            )

    def _join_date_and_time(self, sources: dict[str, Any]) -> None:
        """Use two columns if one has the date and another one the time of day."""
        for names in _DATES_AND_TIMES:
            date, clock = map(self._names.get, names)
            if date is None or clock is None or sources.get("timestamp") not in (date, clock):
                continue
            if all(map(_CLOCK.fullmatch, self._values(clock))):
                sources["timestamp"] = {"columns": [date, clock]}

    def _add_time(self, sources: Mapping[str, Any]) -> None:
        source = sources.get("timestamp")
        if source is None:
            return
        names = source["columns"] if isinstance(source, dict) else [source]
        texts = [" ".join(parts) for parts in zip(*(self._values(name) for name in names), strict=False)]
        if not texts or all(map(_NUMBER.fullmatch, texts)):
            digit_formats = {find_digit_format(text) for text in texts}
            if len(digit_formats) == 1 and "" not in digit_formats:
                self._proposal.settings["time"] = {"format": digit_formats.pop()}
            else:
                self._add_unit(texts)
            return
        if all(map(is_iso_time, texts)):
            if not all(map(_ZONE.search, texts)):
                self._proposal.settings["time"] = {"timezone": "UTC"}
                self._proposal.questions.append("The times have no zone. Set the one of the clock.")
            return
        formats = find_formats(texts)
        if formats:
            self._proposal.settings["time"] = {"format": formats[0]}
        else:
            self._proposal.questions.append(
                f"The format of times such as '{texts[0]}' is unknown. Set 'time'."
            )
        if len(formats) > 1:
            self._proposal.questions.append(
                f"The times fit {' and '.join(formats)}. Check whether the day or the month is first."
            )

    def _add_unit(self, texts: Sequence[str]) -> None:
        if not texts:
            return
        if all(map(_SERIAL_DAY.fullmatch, texts)):
            self._proposal.settings["time"] = {"unit": "days", "start": _SERIAL_START}
            self._proposal.questions.append("The times are taken for day numbers of a spreadsheet.")
        elif max(float(text) for text in texts) < _MAX_STEP:
            self._proposal.settings["time"] = {"unit": "hours", "start": _START}
            self._proposal.questions.append(
                "The times are steps. Set the unit (s, hours or days) and the day on which they start."
            )
        else:
            self._proposal.settings["time"] = {"unit": TimeKind.detect(TimeFormat(), texts).unit}

    def _add_amount(self, column: str) -> None:
        texts = self._values(column)
        symbols = sorted({mark for text in texts for mark in text if unicodedata.category(mark) == "Sc"})
        codes = {match[0] for text in texts if (match := re.search(r"[A-Za-z]{2,}", text))}
        symbols += sorted(codes)
        plain = [_strip(text, symbols) for text in texts]
        amount: dict[str, Any] = {}
        commas, points = (
            list(filter(pattern.fullmatch, plain)) for pattern in (_DECIMAL_COMMA, _DECIMAL_POINT)
        )
        if commas and points:
            self._proposal.questions.append(
                f"Amounts such as {commas[0]} and {points[0]} have different decimal marks."
            )
        if len(commas) > len(points):
            amount["decimal"] = ","
            if any("." in text for text in plain):
                amount["thousands"] = "."
        elif any(_THOUSANDS_COMMA.fullmatch(text) for text in plain):
            amount["thousands"] = ","
        elif mark := next(
            (match[1][0] for text in plain if (match := _THOUSANDS_APOSTROPHE.fullmatch(text))), ""
        ):
            amount["thousands"] = mark
        elif (groups := [text for text in plain if "." in text]) and all(
            map(_THOUSANDS_POINT.fullmatch, groups)
        ):
            self._proposal.questions.append(
                f"The point in amounts such as {groups[0]} may separate thousands. If so, set"
                ' \'amount: {decimal: ",", thousands: "."}\'.'
            )
        if symbols:
            amount["symbols"] = symbols
            self._currency = _find_currency(symbols)
        if len(symbols) > 1:
            self._proposal.questions.append(
                f"The map removes {', '.join(symbols)} from amounts. Check whether it is one currency."
            )
        if amount:
            self._proposal.settings["amount"] = amount
        if any(text.startswith(("-", "(")) or text.endswith("-") for text in plain):
            self._proposal.settings["refunds"] = "keep"
            self._proposal.questions.append("Negative amounts are taken for refunds. Or leave them out.")

    def _add_labels(self, column: str) -> None:
        counts = Counter(text.strip().lower() for text in self._values(column))
        unknown = [text for text in counts if text not in label_spellings()]
        if not unknown:
            return
        if len(counts) == len(_LABEL_PAIR):
            genuine, fraud = (text for text, _ in counts.most_common())
            if label_spellings().get(genuine) or label_spellings().get(fraud) is False:
                genuine, fraud = fraud, genuine
            self._proposal.settings["labels"] = {"fraud": [fraud], "genuine": [genuine]}
            self._proposal.questions.append(
                f"The label '{fraud}' is taken for fraud, '{genuine}' for genuine."
            )
        else:
            self._proposal.questions.append(
                f"Labels such as '{unknown[0]}' are unknown. Set 'labels' with their spellings."
            )

    def _add_missing(self, columns: Collection[str]) -> None:
        cells = {text for column in columns for text in self._batch.columns[column].unique().to_pylist()}
        if texts := sorted(cells & set(MISSING_TEXTS)):
            self._proposal.settings["missing"] = texts

    def _add_currency(self, sources: dict[str, Any]) -> None:
        if "currency" not in sources:
            sources["currency"] = {"constant": self._currency}
            self._proposal.questions.append("No column has a currency. Set the one of the amounts.")
        for name in _UPPER_CASE:
            column = sources.get(name)
            if isinstance(column, str) and any(text != text.upper() for text in self._values(column)):
                sources[name] = {"column": column, "case": "upper"}

    def _add_integers(self, sources: dict[str, Any]) -> None:
        for name in IDS:
            column = sources.get(name)
            texts = self._values(column) if isinstance(column, str) else []
            if texts and all(map(_INTEGER_AS_FLOAT.fullmatch, texts)):
                sources[name] = {"column": column, "integer": True}
                self._proposal.questions.append(f"{name} such as {texts[0]} are read as whole numbers.")


_LABEL_PAIR = ("fraud", "genuine")


def _dump(value: Any) -> str:
    """The value as YAML on one line."""
    text: str = yaml.safe_dump(
        value, sort_keys=False, allow_unicode=True, default_flow_style=True, width=1000
    )
    return text.removesuffix("...\n").strip()


def _find_currency(symbols: Sequence[str]) -> str:
    """The currency of amounts with these symbols. A sign such as $ has many."""
    codes = [symbol for symbol in symbols if symbol in ALL_CURRENCIES]
    return codes[0] if codes else "USD" if symbols[0] == "$" else "GBP" if symbols[0] == "£" else "EUR"


def _normalize(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _strip(text: str, symbols: Sequence[str]) -> str:
    for symbol in symbols:
        text = text.replace(symbol, "")
    return re.sub(r"\s", "", text)
