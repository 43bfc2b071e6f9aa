"""Datasets with column maps: amounts, labels, refunds, order and currencies."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from detection.data.column_map import ColumnMap
from detection.data.columns import LabelledTransaction
from detection.data.dataset import Dataset
from detection.data.maps.map_reader import parse_column_map
from detection.errors import DatasetError
from tests.unit.detection.files import FIRST, HEADER, SECOND, write_dataset

COLUMNS = """
columns:
  transaction_id: transaction_id
  account_id: account_id
  merchant_id: merchant_id
  amount: amount
  timestamp: timestamp
  is_fraud: is_fraud
"""


def make_map(text: str = "", columns: str = "") -> ColumnMap:
    """A map of the usual columns, with more of them, and with more keys."""
    return parse_column_map(COLUMNS + columns + text, "map.yaml")


def read_rows(path: Path, column_map: ColumnMap) -> list[LabelledTransaction]:
    dataset = Dataset(path, columns=column_map)
    dataset.check()
    return list(dataset.rows())


@pytest.mark.parametrize(
    ("declared", "text", "expected"),
    [
        ('{decimal: ",", thousands: "."}', '"1.234,50"', "1234.50"),
        ('{decimal: ",", symbols: ["€"]}', '"1234,5 €"', "1234.5"),
        ('{thousands: ","}', '"1,234,567.5"', "1234567.5"),
        ('{thousands: ","}', '"1,00,000"', "100000"),
        ("{symbols: [$]}", "$134.09", "134.09"),
        ("{symbols: [USD]}", "USD 12", "12"),
        ('{thousands: " "}', "1 234.5", "1234.5"),
    ],
)
def test_declared_format_of_amounts_is_read(tmp_path: Path, declared: str, text: str, expected: str) -> None:
    path = write_dataset(tmp_path, [f"t1,a,m,{text},1522540800,0"])
    [row] = read_rows(path, make_map(f"amount: {declared}\n"))
    assert row.transaction.amount == Decimal(expected)


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        ('{decimal: ",", thousands: "."}', "12.5"),
        ('{decimal: ",", thousands: "."}', "12.50"),
        ('{thousands: ","}', '"1,234,50"'),
        ('{thousands: ","}', '"12,5"'),
        ("{}", '"1,234.50"'),
        ("{}", "$5"),
        ("{symbols: [$]}", "€5"),
    ],
)
def test_ambiguous_amount_is_an_error(tmp_path: Path, declared: str, text: str) -> None:
    path = write_dataset(tmp_path, [f"t1,a,m,{text},1522540800,0"])
    with pytest.raises(DatasetError, match="line 2: amount") as caught:
        read_rows(path, make_map(f"amount: {declared}\n"))
    assert "--columns" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "label"),
    [
        *((text, True) for text in ("1", "true", "YES", "Fraud", "1.0", "1.00", "t")),
        *((text, False) for text in ("0", "0.00", "False", "no", "GENUINE", "legit")),
        ("", None),
    ],
)
def test_labels_have_many_spellings(tmp_path: Path, text: str, label: bool | None) -> None:
    path = write_dataset(tmp_path, [f"t1,a,m,1,1522540800,{text}"])
    [row] = Dataset(path).rows()
    assert row.is_fraud is label


def test_unlabelled_transactions_are_counted(tmp_path: Path) -> None:
    dataset = Dataset(write_dataset(tmp_path, [FIRST, SECOND, "t3,a,m,1,1522540802,"]))
    summary = dataset.check()
    assert (summary.transactions, summary.frauds, summary.unlabelled) == (3, 1, 1)
    assert any("no label" in note for note in summary.notes)


def test_negative_amounts_are_errors_refunds_or_left_out(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, [FIRST, "t3,a,m,-3.50,1522540802,0"])
    with pytest.raises(DatasetError, match=r"line 3: amount '-3\.50'") as caught:
        read_rows(path, make_map())
    assert "refunds" in caught.value.hint
    refund = read_rows(path, make_map("refunds: keep\n"))[1].transaction
    assert (refund.amount, refund.type, refund.is_refund) == (Decimal("3.50"), "refund", True)
    summary = Dataset(path, columns=make_map("refunds: leave_out\n")).check()
    assert (summary.transactions, summary.left_out) == (1, 1)
    assert any("refunds" in note for note in summary.notes)


@pytest.mark.parametrize(("amounts", "is_noted"), [((-5, 1, 2), False), ((-5, -5, 2), True)])
def test_file_with_negative_payments_is_noted(
    tmp_path: Path, amounts: tuple[int, ...], is_noted: bool
) -> None:
    rows = [f"t{n},a,m,{amount},{1522540800 + n},0" for n, amount in enumerate(amounts)]
    notes = Dataset(write_dataset(tmp_path, rows), columns=make_map("refunds: keep\n")).check().notes
    assert any("reverse all signs" in note for note in notes) == is_noted


def test_declared_unit_that_does_not_fit_has_a_hint(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, ["t1,a,m,1,1522540800000000,0"])
    with pytest.raises(DatasetError, match="declared unit is milliseconds") as caught:
        Dataset(path, unit="ms").check()
    assert "--unit us" in caught.value.hint


def test_zero_amounts_are_kept_or_left_out(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, [FIRST, "t3,a,m,0.00,1522540802,0"])
    kept = Dataset(path).check()
    assert kept.transactions == 2
    assert any("zero_amounts" in note for note in kept.notes)
    left_out = Dataset(path, columns=make_map("zero_amounts: leave_out\n")).check()
    assert (left_out.transactions, left_out.left_out) == (1, 1)


def test_type_and_original_transaction_are_read(tmp_path: Path) -> None:
    header = f"{HEADER},type,original_transaction_id,ip_address"
    path = write_dataset(tmp_path, [f"{FIRST},,,192.0.2.1", f"{SECOND},refund,t1,"], header)
    purchase, refund = (row.transaction for row in Dataset(path).rows())
    assert (purchase.type, purchase.ip_address) == (None, "192.0.2.1")
    assert (refund.type, refund.original_transaction_id) == ("refund", "t1")
    path = write_dataset(tmp_path, [f"{FIRST},purchase,t0,"], header)
    with pytest.raises(DatasetError, match="original_transaction_id 't0'"):
        Dataset(path).check()


def test_constant_generated_joined_and_mapped_columns(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, ["x,7,web,2018-04-01,3.0"], "bank,user,kind,day,card")
    column_map = parse_column_map(
        "columns:\n"
        "  transaction_id: {generate: row_number}\n"
        "  account_id: {columns: [bank, card], integer: true}\n"
        "  merchant_id: {constant: shop}\n"
        "  amount: user\n"
        "  timestamp: day\n"
        "  channel: {column: kind, values: {web: ecommerce}}\n"
        "  merchant_category: {column: kind, case: upper}\n",
        "map.yaml",
    )
    [row] = Dataset(path, columns=column_map, labels=False).rows()
    transaction = row.transaction
    assert re.fullmatch("2-[a-p]{12}", transaction.transaction_id)
    assert (transaction.account_id, transaction.merchant_id) == ("x-3", "shop")
    assert (transaction.channel, transaction.merchant_category) == ("ecommerce", "WEB")


def test_declared_missing_values_are_empty(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, [f"{FIRST},NULL"], f"{HEADER},device_id")
    [row] = read_rows(path, make_map('missing: ["NULL"]\n', "  device_id: device_id\n"))
    assert row.transaction.device_id is None


def test_column_of_the_map_that_the_file_lacks_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="missing columns: city"):
        Dataset(write_dataset(tmp_path), columns=make_map(columns="  merchant_category: city\n"))


def test_ambiguous_column_is_an_error(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, [f"{FIRST},9"], f"{HEADER},amount")
    with pytest.raises(DatasetError, match="duplicate columns: amount"):
        Dataset(path)


def test_rows_are_sorted_if_declared(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, [SECOND, FIRST, "t3,a,m,1,1522540800,0"])
    with pytest.raises(DatasetError, match="line 3: not sorted by time") as caught:
        Dataset(path).check()
    assert "sort: true" in caught.value.hint
    rows = read_rows(path, make_map("sort: true\n"))
    assert [row.transaction.transaction_id for row in rows] == ["t1", "t3", "t2"]


def test_withdrawn_currencies_are_accepted(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, [f"{FIRST},BGN", f"{SECOND},HRK"], f"{HEADER},currency")
    assert [row.transaction.currency for row in Dataset(path).rows()] == ["BGN", "HRK"]


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        ("{}", "(12.50)"),
        ("{}", "12.50-"),
        ('{symbols: [$], thousands: ","}', '"($1,012.50)"'),
        ("{symbols: [$]}", "$(12.50)"),
        ('{decimal: ",", symbols: ["€"]}', '"12,50- €"'),
    ],
)
def test_negative_amounts_of_accounting_are_refunds(tmp_path: Path, declared: str, text: str) -> None:
    path = write_dataset(tmp_path, [f"t1,a,m,{text},1522540800,0"])
    with pytest.raises(DatasetError, match="is negative") as caught:
        read_rows(path, make_map(f"amount: {declared}\n"))
    assert "refunds" in caught.value.hint
    [row] = read_rows(path, make_map(f"amount: {declared}\nrefunds: keep\n"))
    assert row.transaction.is_refund
    assert row.transaction.amount in (Decimal("12.50"), Decimal("1012.50"))


def test_blanks_around_cells_are_removed(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, ["t1, a1,m1 , 12.50 , 1522540800, 0 ,EUR "], f"{HEADER},currency")
    [row] = Dataset(path).rows()
    transaction = row.transaction
    assert (transaction.account_id, transaction.merchant_id, transaction.currency) == ("a1", "m1", "EUR")


def test_code_in_lower_case_has_a_hint(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, [f"{FIRST},eur"], f"{HEADER},currency")
    with pytest.raises(DatasetError) as caught:
        Dataset(path).check()
    assert "currency: {column: currency, case: upper}" in caught.value.hint


@pytest.mark.parametrize(("kind", "limit"), [(pyarrow.float64(), 2**53), (pyarrow.float32(), 2**24)])
def test_ids_that_are_rounded_numbers_are_refused(tmp_path: Path, kind: pyarrow.DataType, limit: int) -> None:
    columns = {"transaction_id": ["t"], "merchant_id": ["m"], "amount": [1], "timestamp": [1522540800]}
    path = tmp_path / "f.parquet"
    for number in (float(limit), limit * 2.0):
        account = pyarrow.array([number], kind)
        parquet.write_table(pyarrow.table({**columns, "account_id": account}), path)
        if number == limit:
            [row] = Dataset(path, labels=False).rows()
            assert row.transaction.account_id == str(limit)
        else:
            with pytest.raises(DatasetError, match="column account_id"):
                Dataset(path, labels=False)


@pytest.mark.parametrize("value", ["4.20E+15", "4,2e+15", "1E+05", "4.2E15", "-7.28E+17"])
def test_id_in_scientific_notation_is_refused(tmp_path: Path, value: str) -> None:
    path = write_dataset(tmp_path, [f't1,"{value}",m,1,1522540800,0'])
    with pytest.raises(DatasetError, match="line 2: account_id"):
        Dataset(path).check()


def test_id_that_looks_like_a_number_is_kept(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, ["4e20,007,1E5,1,1522540800,0"])
    [row] = Dataset(path).rows()
    transaction = row.transaction
    assert (transaction.transaction_id, transaction.account_id, transaction.merchant_id) == (
        "4e20",
        "007",
        "1E5",
    )


def test_first_time_zero_is_the_first_time(tmp_path: Path) -> None:
    # More than one batch.
    rows = [f"t{number},a,m,1,{number},0" for number in range(80_000)]
    summary = Dataset(write_dataset(tmp_path, rows), unit="s").check()
    assert (summary.first_ms, summary.last_ms, summary.transactions) == (0, 79_999_000, 80_000)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_type_of_a_parquet_column_decides_also_before_1973(tmp_path: Path, unit: str) -> None:
    factor = {"s": 1, "ms": 1000, "us": 10**6, "ns": 10**9}[unit]
    columns = {
        "transaction_id": ["t1"],
        "account_id": ["a"],
        "merchant_id": ["m"],
        "amount": [1.0],
        "timestamp": pyarrow.array([63_072_000 * factor], pyarrow.timestamp(unit, "UTC")),
        "is_fraud": [True],
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "f.parquet")
    dataset = Dataset(tmp_path / "f.parquet", unit="s")
    assert dataset.check().first_ms == 63_072_000_000
    assert not any("--unit" in note for note in dataset.notes())


@pytest.mark.parametrize(
    ("name", "value", "kind"), [("account_id", ["a"], "list"), ("timestamp", timedelta(hours=1), "duration")]
)
def test_column_of_lists_or_durations_is_an_error_if_it_is_used(
    tmp_path: Path, name: str, value: Any, kind: str
) -> None:
    columns = {name: ["1"] for name in HEADER.split(",")} | {name: [value]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "f.parquet")
    with pytest.raises(DatasetError, match=f"{name} has the type {kind}"):
        Dataset(tmp_path / "f.parquet")


def test_zone_of_times_is_an_option(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, ["t1,a,m,1,2018-04-01 02:00:00,0"])
    assert Dataset(path, timezone="Europe/Berlin").check().first_ms == 1_522_540_800_000
    assert any("--timezone" in note for note in Dataset(path).notes())
    assert not any("--timezone" in note for note in Dataset(path, timezone="UTC").notes())


@pytest.mark.parametrize(
    ("header", "rows", "mention"),
    [
        (HEADER, [FIRST], "currency: {constant: USD}"),
        (HEADER.replace("amount", "Amount"), [FIRST], "only in case"),
        (f"{HEADER},Amount", [f"{FIRST},9"], "only in case"),
        (HEADER, ["1,77.0,m,1,1522540800,0"], "integer: true"),
        (HEADER, ["1,77,m,1,1522540800,0", "2,77.0,m,1,1522540800,0"], "integer: true"),
        (f"index,{HEADER}", [f"0,{FIRST}"], "unused columns: index"),
    ],
)
def test_assumptions_are_noted(tmp_path: Path, header: str, rows: list[str], mention: str) -> None:
    assert any(mention in note for note in Dataset(write_dataset(tmp_path, rows, header)).notes())


@pytest.mark.parametrize(("amount", "is_noted"), [("1.234", True), ("1.2", False), ("1234", False)])
def test_point_that_may_separate_thousands_is_noted(tmp_path: Path, amount: str, is_noted: bool) -> None:
    dataset = Dataset(write_dataset(tmp_path, [f"t1,a,m,{amount},1522540800,0", SECOND]))
    assert any("thousands" in note for note in dataset.notes()) == is_noted


@pytest.mark.parametrize(
    ("time", "mention"),
    [("20260131", "dates"), ("45717.356", "spreadsheet"), ("9999999999999", "2286"), ("0", "steps")],
)
def test_times_that_may_be_misread_are_noted(tmp_path: Path, time: str, mention: str) -> None:
    dataset = Dataset(write_dataset(tmp_path, [f"t{n},a,m,1,{time},0" for n in range(30)]))
    assert any(mention in note for note in (*dataset.notes(), *dataset.check().notes))


def test_times_of_a_declared_unit_that_does_not_fit_are_noted(tmp_path: Path) -> None:
    assert any("unit" in note for note in Dataset(write_dataset(tmp_path), unit="ms").check().notes)


@pytest.mark.parametrize(
    ("time", "mention"),
    [("2026-10-25 02:30:00", "occur twice"), ("2026-03-29 02:30:00", "--timezone")],
)
def test_times_when_clocks_are_changed_are_noted(tmp_path: Path, time: str, mention: str) -> None:
    path = write_dataset(tmp_path, [f"t1,a,m,1,{time},0"])
    assert any(mention in note for note in Dataset(path, timezone="Europe/Berlin").check().notes)
    usual = write_dataset(tmp_path, [f"t1,a,m,1,{time.replace(' 02', ' 04')},0"])
    assert not any(mention in note for note in Dataset(usual, timezone="Europe/Berlin").check().notes)


@pytest.mark.parametrize(
    ("time", "text_format"),
    [
        ("31.01.2026 10:11:12", "%d.%m.%Y %H:%M:%S"),
        ("01/31/2026 10:11 PM", "%m/%d/%Y %I:%M %p"),
        ("31-Jan-2026", "%d-%b-%Y"),
    ],
)
def test_error_for_a_time_in_another_format_names_the_format(
    tmp_path: Path, time: str, text_format: str
) -> None:
    path = write_dataset(tmp_path, [f"t1,a,m,1,{time},0"])
    with pytest.raises(DatasetError, match=f"timestamp '{time}'") as caught:
        Dataset(path).check()
    assert text_format in caught.value.hint
    [row] = read_rows(path, make_map(f'time: {{format: "{text_format}"}}\n'))
    assert row.transaction.timestamp > 1_769_800_000_000


def test_few_times_of_another_unit_are_noted(tmp_path: Path) -> None:
    rows = [f"t0,a,m,1,{1_522_540_800},0", *(f"t{n},a,m,1,{1_522_540_800_000 + n},0" for n in range(1, 9))]
    notes = Dataset(write_dataset(tmp_path, rows), columns=make_map("time: {unit: ms}\n")).check().notes
    assert any("1 times are before 1973" in note or "1 times are before 1972" in note for note in notes)


def test_digits_of_a_time_are_no_number(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, ["t1,a,m,1,20260131140500,0"])
    with pytest.raises(DatasetError, match="line 2: timestamp") as caught:
        Dataset(path).check()
    assert "%Y%m%d%H%M%S" in caught.value.hint
    [row] = read_rows(path, make_map('time: {format: "%Y%m%d%H%M%S"}\n'))
    assert row.transaction.timestamp == 1_769_868_300_000


def test_time_that_does_not_occur_is_the_reason_for_a_wrong_order(tmp_path: Path) -> None:
    times = ["2024-03-31 02:30:00", "2024-03-31 03:10:00"]
    path = write_dataset(tmp_path, [f"t{n},a,m,1,{time},0" for n, time in enumerate(times)])
    with pytest.raises(DatasetError, match="line 3: not sorted") as caught:
        Dataset(path, timezone="Europe/Berlin").check()
    assert "--timezone" in caught.value.hint


def test_zone_of_steps_is_noted(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, ["t1,a,m,1,1,0"])
    steps = make_map("time: {unit: hours, start: 2018-01-01}\n")
    assert any("offset" in note for note in Dataset(path, columns=steps, timezone="Asia/Tokyo").notes())
    steps = make_map("time: {unit: hours, start: 2018-01-01T00:00+09:00}\n")
    assert Dataset(path, columns=steps).check().first_ms == 1_514_736_000_000


def test_unnamed_index_is_not_noted(tmp_path: Path) -> None:
    dataset = Dataset(write_dataset(tmp_path, [f"0,{FIRST}"], f",{HEADER}"))
    assert not any("unused" in note for note in dataset.notes())


@pytest.mark.parametrize(
    ("rows", "mention"),
    [
        ([f"t{n},a,m,1,{1_522_540_800 + 60 * n},0,EUR" for n in range(3)], "multiples of 60 seconds"),
        ([f"t{n},a,m,1,2018-04-01 10:{n + 10},0,EUR" for n in range(3)], "multiples of 60 seconds"),
        ([f"t{n},a,m,1,{1_522_540_700 + 100 * n},0,EUR" for n in range(3)], "multiples of 100 seconds"),
        ([f"t{n},a,m,1,{1_522_540_801 + n // 15},0,EUR" for n in range(30)], "digits may be lost"),
        (
            [f"t{n},a,m,1,{1_522_540_801 + n},0,{'EUR' if n else ''}" for n in range(30)],
            "1 transactions have no currency",
        ),
        ([f"t{n},a,m,1,{1_522_540_801 + n},0,{'XAU' if n else 'EUR'}" for n in range(3)], "2 transactions"),
        ([f"t{n},{'NULL' if n else 'a'},m,1,{1_522_540_801 + n},0,EUR" for n in range(3)], "in 2 rows"),
        ([f"t{n},{'#REF!' if n else 'a'},m,1,{1_522_540_801 + n},0,EUR" for n in range(3)], "in 2 rows"),
        ([f"t{n},a,m,1,1522540801,0,EUR" for n in range(3)], "all times are 2018-04-01"),
        ([f"t{n},a,m,10.5,{1_522_540_801 + n},0,JPY" for n in range(3)], "3 amounts have more decimals"),
        ([f"t{n},a,m,0.125,{1_522_540_801 + n},0,EUR" for n in range(3)], "such as 0.125 EUR"),
        (
            [f"t{n},a,m,1.23E+06,{1_522_540_801 + n},0,EUR" for n in range(3)],
            "3 amounts are written as 1.23E+06",
        ),
    ],
)
def test_doubtful_values_are_noted(tmp_path: Path, rows: list[str], mention: str) -> None:
    dataset = Dataset(write_dataset(tmp_path, rows, f"{HEADER},currency"))
    assert any(mention in note for note in dataset.check().notes)
    assert not any("no currency:" in note for note in dataset.notes())


def test_amounts_with_the_decimals_of_their_currency_are_not_noted(tmp_path: Path) -> None:
    rows = [
        f"t{n},a,m,{amount},{1_522_540_801 + n},0,{currency}"
        for n, (amount, currency) in enumerate([("1.500", "EUR"), ("1.125", "KWD"), ("10.0", "JPY")])
    ]
    notes = Dataset(write_dataset(tmp_path, rows, f"{HEADER},currency")).check().notes
    assert not any("decimals" in note for note in notes)


def test_values_that_are_no_ip_addresses_are_noted(tmp_path: Path) -> None:
    header = f"{HEADER},ip_address"
    path = write_dataset(tmp_path, [f"{FIRST},999.1.1.1", f"{SECOND},10.0.0.1:443"], header)
    assert any(
        "2 values of ip_address" in note and "999.1.1.1" in note for note in Dataset(path).check().notes
    )
    path = write_dataset(tmp_path, [f"{FIRST},192.0.2.1", f"{SECOND},2001:db8::1"], header)
    assert not any("ip_address" in note for note in Dataset(path).check().notes)


@pytest.mark.parametrize("text", ["1_000", "inf", "\N{FULLWIDTH DIGIT ONE}2"])
def test_amount_that_only_python_reads_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(DatasetError, match=r"line 2: amount .* is not a"):
        Dataset(write_dataset(tmp_path, [f"t1,a,m,{text},1522540800,0"])).check()


def test_minus_sign_of_typography_is_negative(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, ["t1,a,m,\N{MINUS SIGN}3.50,1522540800,0"])
    [row] = read_rows(path, make_map("refunds: keep\n"))
    assert (row.transaction.amount, row.transaction.is_refund) == (Decimal("3.50"), True)


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ('"1,234.56"', 'amount: {thousands: ","}'),
        ('"1.234,56"', 'amount: {decimal: ",", thousands: "."}'),
        ("$5", 'amount: {symbols: ["$"]}'),
        ("Rs. 5", 'amount: {symbols: ["Rs."]}'),
    ],
)
def test_error_for_an_amount_names_a_format_that_reads_it(tmp_path: Path, text: str, declared: str) -> None:
    path = write_dataset(tmp_path, [f"t1,a,m,{text},1522540800,0"])
    with pytest.raises(DatasetError) as caught:
        Dataset(path).check()
    assert f"'{declared}'" in caught.value.hint
    assert read_rows(path, make_map(f"{declared}\n"))


def test_error_for_an_ambiguous_day_names_both_formats(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, ["t1,a,m,1,4/1/2018 0:00,0"])
    with pytest.raises(DatasetError) as caught:
        Dataset(path).check()
    assert all(text in caught.value.hint for text in ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "month"))


@pytest.mark.parametrize(
    ("column", "text", "declared"),
    [
        ("type", "REFUND", '{"REFUND": refund}'),
        ("channel", "ATM", '{"ATM": atm}'),
        ("country", "FRA", '{"FRA": FR}'),
        ("country", "Narnia", '{"Narnia": CODE}'),
        ("currency", "BTC", '{"BTC": CODE}'),
        ("currency", "NULL", 'missing: ["NULL"]'),
    ],
)
def test_error_for_a_code_proposes_no_wrong_one(
    tmp_path: Path, column: str, text: str, declared: str
) -> None:
    path = write_dataset(tmp_path, [f"{FIRST},{text}"], f"{HEADER},{column}")
    with pytest.raises(DatasetError) as caught:
        Dataset(path).check()
    assert declared in caught.value.hint
    # Without the column, amounts would be in euros.
    assert ("leave the column out" in caught.value.hint) <= (column != "currency")


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("Chargeback", 'labels: {fraud: ["Chargeback"]}'),
        ("good", 'labels: {genuine: ["good"]}'),
        ("NA", 'missing: ["NA"]'),
    ],
)
def test_error_for_a_label_proposes_its_meaning(tmp_path: Path, text: str, declared: str) -> None:
    with pytest.raises(DatasetError, match="line 2: is_fraud") as caught:
        Dataset(write_dataset(tmp_path, [f"t1,a,m,1,1522540800,{text}"])).check()
    assert declared in caught.value.hint


def test_part_of_a_joined_id_in_scientific_notation_is_refused(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, [f"{FIRST},8.00E+30"], f"{HEADER},bank")
    column_map = parse_column_map(
        COLUMNS.replace("account_id: account_id", "account_id: {columns: [account_id, bank]}"), "map.yaml"
    )
    with pytest.raises(DatasetError, match=r"account_id 'a1-8\.00E\+30'"):
        read_rows(path, column_map)


def test_joined_id_without_any_part_is_empty(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, ["t1,,m,1,1522540800,0,"], f"{HEADER},bank")
    column_map = parse_column_map(
        COLUMNS.replace("account_id: account_id", "account_id: {columns: [account_id, bank]}"), "map.yaml"
    )
    with pytest.raises(DatasetError, match=r"account_id .* is empty"):
        read_rows(path, column_map)


def test_rounded_ids_and_times_of_parquet_are_refused_in_any_row(tmp_path: Path) -> None:
    count = 9000
    columns = {
        "transaction_id": [str(number) for number in range(count)],
        "account_id": [1.0] * (count - 1) + [2.0**54],
        "merchant_id": ["m"] * count,
        "amount": [1] * count,
        "timestamp": [1_522_540_800] * count,
    }
    path = tmp_path / "f.parquet"
    parquet.write_table(pyarrow.table(columns), path)
    with pytest.raises(DatasetError, match="column account_id"):
        Dataset(path, labels=False).check()
    columns["account_id"] = [1.0] * count
    times = pyarrow.array([1_522_540_800.0] * count, pyarrow.float32())
    parquet.write_table(pyarrow.table({**columns, "timestamp": times}), path)
    with pytest.raises(DatasetError, match="column timestamp"):
        Dataset(path, labels=False)


def test_label_of_a_map_may_be_missing_if_labels_are_not_needed(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, ["t1,a,m,1,1522540800"], HEADER.removesuffix(",is_fraud"))
    dataset = Dataset(path, labels=False, columns=make_map())
    assert dataset.check().unlabelled == 1
    assert any("is_fraud" in note for note in dataset.notes())
    with pytest.raises(DatasetError, match="missing columns: is_fraud") as caught:
        Dataset(path, columns=make_map())
    assert "map.yaml" in caught.value.hint


@pytest.mark.parametrize(
    ("header", "mention"),
    [(HEADER.replace(",", "#"), "delimiter"), (FIRST, "header")],
)
def test_file_without_the_expected_header_has_a_hint(tmp_path: Path, header: str, mention: str) -> None:
    with pytest.raises(DatasetError, match="missing columns") as caught:
        Dataset(write_dataset(tmp_path, [header], header))
    assert mention in caught.value.hint
