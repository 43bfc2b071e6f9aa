"""Proposes a column map for a file, by the names of its columns and their values."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from detection.data.column_map import LABEL, MISSING_TEXTS, REQUIRED, TimeFormat, Unit, label_spellings
from detection.data.formats.amount_formats import SHARED_SYMBOLS, propose_amount_format
from detection.data.formats.code_words import find_code, normalize_word
from detection.data.formats.label_words import LabelKind, classify_label
from detection.data.formats.time_formats import find_usual_formats
from detection.data.row_faults import CODES, IDS
from detection.data.table_file import Table, TableBatch
from detection.data.times import TimeKind, find_digit_format, is_iso_time
from functions.common.domain.currencies import ALL_CURRENCIES

NO_CURRENCY = "No column has a currency. Set the one of the amounts."
NO_ZONE = "The times have no zone. Set the one of the clock."
# Without blanks and marks, in lower case; the first one that the file has is used.
_SYNONYMS: Mapping[str, str] = {
    "transaction_id": "transactionid txid txnid transid transnum transactionnumber paymentid eventid orderid"
    " id",
    "account_id": "accountid account accountnumber customerid customer custid userid user cardid cardnumber"
    " ccnum card clientid client entityid payer sender senderaccount fromaccount nameorig iban acct acctid"
    " acctnum acctnumber cardno accountno",
    "merchant_id": "merchantid merchant merchantname terminalid terminal shopid shop storeid store payee"
    " beneficiary recipient receiver receiveraccount toaccount vendor counterparty namedest merch merchid"
    " mrch",
    "amount": "amount amt transactionamount txamount transactionamt amountpaid paymentamount value orderprice"
    " price total",
    "timestamp": "timestamp transactiontime datetime transactiondatetime txdatetime transdatetranstime"
    " eventtimestamp eventtime createdat transactiondate transdate txdate paymentdate eventdate date time"
    " step transactiondt",
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
_UPPER_CASE = ("currency", "country")
_DATES_AND_TIMES = (
    ("date", "time"),
    ("transactiondate", "transactiontime"),
    ("transdate", "transtime"),
    ("txdate", "txtime"),
    ("paymentdate", "paymenttime"),
    ("eventdate", "eventtime"),
)
_CLOCKS = (re.compile(r"\d{1,2}:\d{2}.*"), re.compile(r"\d{6}"))
_UNIT_IN_NAME = re.compile(r"\s*[(\[]([^)\]]*)[)\]]\s*$")
_ZONE = re.compile(r"(Z|UTC|[+-]\d\d:?\d\d)$")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_INTEGER = re.compile(r"-?\d+(\.0+)?")
_INTEGER_AS_FLOAT = re.compile(r"-?\d+\.0+")
# Numbers below are steps, not seconds since 1970.
_MAX_STEP = 10_000_000
# Steps up to this number are hours: two years of them.
_MAX_HOURS = 20_000
_START = "2018-01-01"
# A column with more repeated ids does not identify transactions. Single ones are bad rows.
_MIN_UNIQUE = 0.95
# A column with more values that are not codes has no codes. Single ones are bad rows.
_MIN_CODES = 0.9
_MAX_EXAMPLES = 3
# Day numbers of spreadsheets, from 1998 to 2064, also with the time of day.
_SERIAL_DAY = re.compile(r"(3[6-9]|[45]\d)\d{3}(\.\d+)?")
_SERIAL_START = "1899-12-30"


@dataclass
class MapProposal:
    """A map as YAML, and what a user checks in it. `missing`: fields for which no column was found.

    `time_formats`: the formats that the times of the first rows have, several if the day may be the month.
    """

    columns: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    time_formats: list[str] = field(default_factory=list)

    @classmethod
    def from_text(cls, text: str) -> "MapProposal":
        """The map of a ready layout."""
        settings = yaml.safe_load(text)
        del settings["about"]
        return cls(settings.pop("columns"), settings)

    @property
    def text(self) -> str:
        """The YAML, with a comment for each field to complete."""
        lines = ["columns:"]
        lines += [f"  # {name}: choose a column, such as '{name}: NAME'" for name in self.missing]
        if "merchant_id" in self.missing:
            lines.append("  # or, without merchants, 'merchant_id: {constant: unknown}'")
        lines += [f"  {name}: {_dump(source)}" for name, source in self.columns.items()]
        lines += [f"{name}: {_dump(value)}" for name, value in self.settings.items()]
        return "\n".join(lines) + "\n"


def propose_map(
    table: Table, batch: TableBatch, *, unit: Unit | None = None, timezone: str = ""
) -> MapProposal:
    """A map for a file, by all values of its labels and columns of codes, and by `batch` for other columns.

    `unit` and `timezone`: those of times, empty if the user has not declared them. Raises DatasetError.
    """
    proposer = _Proposer(table.column_names, batch, unit, timezone)
    return proposer.propose(table)


def ask_for_day_order(formats: Sequence[str]) -> str:
    """The question about times that have several formats."""
    return f"The times fit {' and '.join(formats)}. Check whether the day or the month is first."


def propose_settings(
    sources: Mapping[str, Any], batch: TableBatch, *, unit: Unit | None = None, timezone: str = ""
) -> MapProposal:
    """The forms of times, amounts and labels in the columns of `sources`, without columns."""
    proposer = _Proposer((), batch, unit, timezone)
    return proposer.propose_settings(sources)


class _Proposer:
    def __init__(
        self, column_names: Sequence[str], batch: TableBatch, unit: Unit | None, timezone: str
    ) -> None:
        self._unit, self._timezone = unit, timezone
        self._names: dict[str, str] = {}
        self._similar: dict[str, list[str]] = {}
        # A name may end with a unit, as in Amount (USD).
        for names in (column_names, [_UNIT_IN_NAME.sub("", name) for name in column_names]):
            for name, column in zip(names, column_names, strict=True):
                self._names.setdefault(normalize_word(name), column)
        for name in column_names:
            self._similar.setdefault(normalize_word(name), []).append(name)
        self._batch = batch
        self._proposal = MapProposal()
        self._currency = "EUR"
        self._counts: dict[str, Counter[str]] = {}

    def propose(self, table: Table) -> MapProposal:
        proposal = self._proposal
        self._counts = self._count_values(table, (*CODES, LABEL))
        columns: dict[str, str] = {}
        values: dict[str, dict[str, str]] = {}
        for name in _SYNONYMS:
            column = self._find_column(name)
            if column is None or column in columns.values():
                continue
            if name in CODES:
                if not self._has_codes(name, column):
                    continue
                if codes := self._find_codes(name, column):
                    values[name] = codes
            columns[name] = column
        sources: dict[str, Any] = dict(columns)
        sources |= {name: {"column": columns[name], "values": codes} for name, codes in values.items()}
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
        self.propose_settings(sources)
        self._ask_for_similar(columns.values())
        self._add_missing(columns.values())
        self._add_currency(proposal.columns)
        self._add_integers(proposal.columns)
        return proposal

    def propose_settings(self, sources: Mapping[str, Any]) -> MapProposal:
        self._add_time(sources)
        if "amount" in sources:
            self._add_amount(sources["amount"])
        if LABEL in sources:
            self._add_labels(sources[LABEL])
        return self._proposal

    def _find_column(self, name: str) -> str | None:
        return next((self._names[text] for text in _SYNONYMS[name].split() if text in self._names), None)

    def _count_values(self, table: Table, fields: Collection[str]) -> dict[str, Counter[str]]:
        """The values of the column of each field, frequent ones first. The first rows do not have all."""
        columns = {column for name in fields if (column := self._find_column(name))}
        counts: dict[str, Counter[str]] = {column: Counter() for column in columns}
        for batch in table.batches(columns) if columns else ():
            for column in columns:
                for entry in batch.columns[column].value_counts().to_pylist():
                    text = entry["values"].strip()
                    if text and text not in MISSING_TEXTS:
                        counts[column][text] += entry["counts"]
        return {column: Counter(dict(texts.most_common())) for column, texts in counts.items()}

    def _values(self, column: str) -> list[str]:
        return [text for text in self._texts(column) if text and text not in MISSING_TEXTS]

    def _texts(self, column: str) -> list[str]:
        return [text.strip() for text in self._batch.columns[column].to_pylist()]

    def _has_codes(self, name: str, column: str) -> bool:
        """Whether the column is used for a field of codes. Asks about values without a code."""
        counts = self._counts[column]
        if not counts:
            # Other files can have values: a refund is rare. Another name can have another meaning.
            return column.lower() == name
        others = {text: count for text, count in counts.items() if not _is_code(name, text)}
        unknown = [text for text in others if not find_code(name, text)]
        if not unknown:
            return True
        examples = ", ".join(f"'{text}'" for text in unknown[:_MAX_EXAMPLES])
        # Another currency in its place would falsify amounts.
        if name == "currency" or sum(others.values()) <= (1 - _MIN_CODES) * counts.total():
            no_code = " (XXX for a currency without a code)" if name == "currency" else ""
            self._proposal.questions.append(
                f"Rows with {examples} in the column {column} are bad, because such values are not codes. To"
                f" use them, set '{name}' with 'values'{no_code}. Or set them aside with --rejects."
            )
            return True
        self._proposal.questions.append(
            f"The column {column} is not used: it has values that are not codes, such as {examples}. To use"
            f" it, set '{name}' with 'values'."
        )
        return False

    def _find_codes(self, name: str, column: str) -> dict[str, str]:
        """The code of each value that is not one, empty if the values only differ in case."""
        codes = {
            text: code
            for text in self._counts[column]
            if text not in CODES[name][0] and (code := find_code(name, text))
        }
        texts = [text for text in codes if not _is_code(name, text)]
        for text in texts[:1]:
            self._proposal.questions.append(
                f"In the column {column}, '{text}' is read as {codes[text]}. Check the 'values' of {name}."
            )
        for text in filter(SHARED_SYMBOLS.__contains__, texts):
            self._proposal.questions.append(
                f"'{text}' in the column {column} is a symbol of several currencies. Check that it is"
                f" {codes[text]}."
            )
        return codes if texts else {}

    def _join_date_and_time(self, sources: dict[str, Any]) -> None:
        """Use two columns if one has the date and another one the time of day."""
        for names in _DATES_AND_TIMES:
            date, clock = map(self._names.get, names)
            if date is None or clock is None or sources.get("timestamp") not in (date, clock):
                continue
            values = self._values(clock)
            if any(all(map(pattern.fullmatch, values)) for pattern in _CLOCKS):
                sources["timestamp"] = {"columns": [date, clock]}
            elif values:
                self._proposal.questions.append(
                    f"The column {clock} is not used: '{values[0]}' is not a time such as 14:05:00 or 140500."
                )

    def _add_time(self, sources: Mapping[str, Any]) -> None:
        source = sources.get("timestamp")
        if source is None:
            return
        names = source["columns"] if isinstance(source, dict) else [source]
        rows = zip(*map(self._texts, names), strict=True)
        texts = [" ".join(parts) for parts in rows if not {"", *MISSING_TEXTS} & set(parts)]
        numbers = list(filter(_NUMBER.fullmatch, texts))
        iso_times = [text for text in texts if is_iso_time(text)]
        least = _MIN_CODES * len(texts)
        if len(numbers) >= least:
            digit_formats = {find_digit_format(text) for text in numbers}
            if len(digit_formats) == 1 and "" not in digit_formats:
                self._proposal.settings["time"] = self._with_zone(digit_formats.pop())
            else:
                self._add_unit(numbers)
            return
        if len(iso_times) >= least:
            if not all(map(_ZONE.search, iso_times)):
                self._proposal.settings["time"] = {"timezone": self._timezone or "UTC"}
                if not self._timezone:
                    self._proposal.questions.append(NO_ZONE)
            return
        formats = find_usual_formats(texts, _MIN_CODES)
        if formats:
            self._proposal.settings["time"] = self._with_zone(formats[0])
        else:
            example = next(text for text in texts if text not in iso_times)
            self._proposal.questions.append(
                f"The format of times such as '{example}' is unknown. Set 'time'."
            )
        self._proposal.time_formats = formats
        if len(formats) > 1:
            self._proposal.questions.append(ask_for_day_order(formats))

    def _with_zone(self, text_format: str) -> dict[str, str]:
        zone = {"timezone": self._timezone} if self._timezone else {}
        return {"format": text_format} | zone

    def _add_unit(self, texts: Sequence[str]) -> None:
        if not texts:
            return
        if self._unit:
            self._proposal.settings["time"] = {"unit": self._unit}
        elif all(map(_SERIAL_DAY.fullmatch, texts)):
            self._proposal.settings["time"] = {"unit": "days", "start": _SERIAL_START}
            self._proposal.questions.append("The times are taken for day numbers of a spreadsheet.")
        elif (last := max(float(text) for text in texts)) < _MAX_STEP:
            unit = "hours" if last < _MAX_HOURS else "s"
            self._proposal.settings["time"] = {"unit": unit, "start": _START}
            self._proposal.questions.append(
                "The times are steps. Set the unit (s, hours or days) and the day on which they start."
            )
        else:
            self._proposal.settings["time"] = {"unit": TimeKind.detect(TimeFormat(), texts).unit}

    def _add_amount(self, column: str) -> None:
        amounts = propose_amount_format(self._values(column))
        unit = _UNIT_IN_NAME.search(column)
        has_code = unit is not None and unit[1].upper() in ALL_CURRENCIES
        self._currency = unit[1].upper() if unit and has_code else amounts.currency
        self._proposal.questions += amounts.questions
        if amounts.settings:
            self._proposal.settings["amount"] = amounts.settings
        if amounts.has_negative:
            self._proposal.settings["refunds"] = "keep"
            self._proposal.questions.append("Negative amounts are taken for refunds. Or leave them out.")

    def _add_labels(self, column: str) -> None:
        counts: Counter[str] = Counter()
        for text, count in self._counts.get(column, Counter(self._values(column))).items():
            counts[text.lower()] += count
        kinds = {text: classify_label(text) for text, _ in counts.most_common()}
        if _is_initial_of_fraud(kinds):
            kinds["f"] = "fraud"
        elif all(text in label_spellings() for text in counts):
            return
        if len(kinds) == len(_LABEL_PAIR) and not all(kinds.values()):
            # The meaning of one decides about the other. Fraud is rare.
            genuine, fraud = kinds
            if kinds[genuine] == "fraud" or kinds[fraud] == "genuine":
                genuine, fraud = fraud, genuine
            kinds = {fraud: "fraud", genuine: "genuine"}
        if unclear := [text for text, kind in kinds.items() if not kind]:
            self._proposal.questions.append(
                f"Labels such as '{unclear[0]}' are unknown. Set 'labels' with their spellings."
            )
        if len(unclear) == len(kinds):
            return
        labels = {
            meaning: [text for text, kind in kinds.items() if kind == meaning]
            for meaning in ("fraud", "genuine", "unknown")
            if meaning in kinds.values()
        }
        self._proposal.settings["labels"] = labels
        meanings = "; ".join(f"{', '.join(texts)}: {kind}" for kind, texts in labels.items())
        self._proposal.questions.append(f"The labels are read as follows: {meanings}.")

    def _ask_for_similar(self, columns: Collection[str]) -> None:
        for column in columns:
            others = [name for name in self._similar[normalize_word(column)] if name != column]
            if others:
                self._proposal.questions.append(
                    f"The names {column} and {others[0]} are nearly the same. Check whether {column} is the"
                    " right one."
                )

    def _add_missing(self, columns: Collection[str]) -> None:
        cells = {text for column in columns for text in self._batch.columns[column].unique().to_pylist()}
        if texts := sorted(cells & set(MISSING_TEXTS)):
            self._proposal.settings["missing"] = texts

    def _add_currency(self, sources: dict[str, Any]) -> None:
        if "currency" not in sources:
            sources["currency"] = {"constant": self._currency}
            self._proposal.questions.append(NO_CURRENCY)
        for name in _UPPER_CASE:
            column = sources.get(name)
            if isinstance(column, str) and any(text != text.upper() for text in self._counts[column]):
                sources[name] = {"column": column, "case": "upper"}

    def _add_integers(self, sources: dict[str, Any]) -> None:
        for name in IDS:
            column = sources.get(name)
            texts = self._values(column) if isinstance(column, str) else []
            example = next(filter(_INTEGER_AS_FLOAT.fullmatch, texts), "")
            if example and all(map(_INTEGER.fullmatch, texts)):
                sources[name] = {"column": column, "integer": True}
                self._proposal.questions.append(f"{name} such as {example} are read as whole numbers.")


_LABEL_PAIR = ("fraud", "genuine")


def _is_code(name: str, text: str) -> bool:
    return (text.upper() if name in _UPPER_CASE else text) in CODES[name][0]


def _is_initial_of_fraud(kinds: Mapping[str, LabelKind | None]) -> bool:
    """Whether the label F means fraud: there are other labels, and none of them means fraud."""
    others = {kind for text, kind in kinds.items() if text != "f" and kind != "unknown"}
    return "f" in kinds and bool(others) and "fraud" not in others


def _dump(value: Any) -> str:
    """The value as YAML on one line."""
    text: str = yaml.safe_dump(
        value, sort_keys=False, allow_unicode=True, default_flow_style=True, width=1000
    )
    return text.removesuffix("...\n").strip()
