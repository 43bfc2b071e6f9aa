"""A file is read as it stands, and what is wrong with it is said in one line that names the place."""

from decimal import Decimal
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from detection.data.columns import Labelled
from detection.data.dataset import Dataset, Facts
from detection.errors import DatasetError
from functions.common.domain.transaction_event import TransactionInserted
from tests.unit.detection.files import FIRST, HEADER, SECOND, written


def said_of(path: Path, *, labels: bool = True) -> str:
    """What is said is wrong with the file, without its folder."""
    with pytest.raises(DatasetError) as caught:
        Dataset(path, labels=labels).check()
    return caught.value.message.removeprefix(f"{path.parent}/")


def bad(folder: Path, line: str, header: str = HEADER) -> str:
    """What is said of a line after two good ones."""
    filled = "," * (header.count(",") - HEADER.count(","))
    return said_of(written(folder, [FIRST + filled, SECOND + filled, line], header))


def test_a_row_is_a_transaction_with_its_label(tmp_path: Path) -> None:
    header = f"{HEADER},scenario,currency,country,channel,device_id,merchant_category"
    path = written(tmp_path, [f"{SECOND},stolen,USD,FR,atm,d1,5967"], header)
    transaction = TransactionInserted(
        transaction_id="t2",
        timestamp=1_522_540_801_000,
        account_id="a2",
        merchant_id="m1",
        amount=Decimal(7),
        currency="USD",
        country="FR",
        channel="atm",
        device_id="d1",
        merchant_category="5967",
        received_at=1_522_540_801_000,
    )
    assert list(Dataset(path).rows()) == [Labelled(transaction, True, "stolen")]


def test_what_a_file_does_not_say_is_absent_and_its_currency_is_the_euro(tmp_path: Path) -> None:
    first = next(Dataset(written(tmp_path)).rows())
    assert first.transaction.currency == "EUR"
    assert (first.transaction.country, first.transaction.device_id, first.scenario) == (None, None, "")


def test_columns_come_in_any_order_and_unknown_ones_are_told_once(tmp_path: Path) -> None:
    header = "weather,is_fraud,timestamp,amount,merchant_id,account_id,transaction_id"
    dataset = Dataset(written(tmp_path, ["sunny,True,1522540800,9.5,m1,a1,t1"], header), unit="s")
    assert next(dataset.rows()).is_fraud is True
    assert dataset.notes() == [f"{dataset.path}: columns that are not used: weather"]


@pytest.mark.parametrize(("delimiter", "mark"), [(";", ""), ("\t", ""), (",", "\N{BYTE ORDER MARK}")])
def test_a_spreadsheets_way_of_writing_is_read(tmp_path: Path, delimiter: str, mark: str) -> None:
    path = written(tmp_path, [FIRST.replace(",", delimiter)], mark + HEADER.replace(",", delimiter))
    assert [row.transaction.amount for row in Dataset(path).rows()] == [Decimal("12.50")]


@pytest.mark.parametrize(
    ("times", "unit", "first_ms"),
    [
        (("1522540800", "1522540801"), "seconds", 1_522_540_800_000),
        (("1522540800.25", "1522540801.0"), "seconds", 1_522_540_800_250),
        (("1522540800000", "1522540800001"), "milliseconds", 1_522_540_800_000),
    ],
)
def test_the_unit_of_times_is_inferred_and_reported(
    tmp_path: Path, times: tuple[str, str], unit: str, first_ms: int
) -> None:
    dataset = Dataset(written(tmp_path, [f"t{time},a,m,1,{time},0" for time in times]))
    assert dataset.check().first_ms == first_ms
    assert dataset.notes() == [
        f"{dataset.path}: times are taken for {unit} since 1970; --unit says otherwise"
    ]


def test_a_unit_that_is_said_is_taken(tmp_path: Path) -> None:
    dataset = Dataset(written(tmp_path, ["t1,a,m,1,31,0"]), unit="ms")
    assert dataset.check().first_ms == 31
    assert dataset.notes() == []


def test_the_facts_of_a_file_are_counted(tmp_path: Path) -> None:
    facts = Dataset(written(tmp_path)).check()
    assert facts == Facts(transactions=2, frauds=1, first_ms=1_522_540_800_000, last_ms=1_522_540_801_000)


def test_a_missing_column_is_named_with_what_was_found(tmp_path: Path) -> None:
    path = written(tmp_path, ["t1,a1,2"], "transaction_id,account,amount")
    assert said_of(path) == (
        "f.csv: no column account_id, merchant_id, timestamp, is_fraud;"
        " there are transaction_id, account, amount."
    )


def test_labels_can_be_done_without_where_nobody_needs_them(tmp_path: Path) -> None:
    header = HEADER.removesuffix(",is_fraud")
    path = written(tmp_path, [FIRST.removesuffix(",0")], header)
    assert next(Dataset(path, labels=False).rows()).is_fraud is None
    assert said_of(path).startswith("f.csv: no column is_fraud;")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "t3,a,m,1,1522540802000,0",
            "timestamp 1522540802000 is in milliseconds, but the file's are in seconds",
        ),
        ("t3,a,m,1,1522540700,0", "unsorted: 2018-03-31 23:58:20 comes after 2018-04-01 00:00:01"),
        ("t1,a,m,1,1522540802,0", "transaction_id 't1' was on line 2, too"),
        ("t3,a,m,much,1522540802,0", "amount 'much' is not a number"),
        ("t3,a,m,NaN,1522540802,0", "amount 'NaN' is not a number"),
        ("t3,a,m,-3,1522540802,0", "amount -3 is negative"),
        ("t3,a,m,1,2018-04-02,0", "timestamp '2018-04-02' is not a number"),
        ("t3,a,m,1,,0", "timestamp is empty"),
        ("t3,,m,1,1522540802,0", "account_id is empty"),
        ("t3,a,m,1,1522540802,2", "is_fraud '2' is none of 0, 1, true and false"),
        ("t3,a,m,1,1522540802,", "is_fraud is empty"),
        ("t3,a,m,1,1522540802", "5 cells, but 6 columns"),
        ('t3,"a,m,1,1522540802,0', "not CSV: unexpected end of data"),
    ],
)
def test_a_bad_row_is_named_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    assert bad(tmp_path, line) == f"f.csv: line 4: {said}."


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("currency", "eur", "currency 'eur' is not an ISO 4217 code"),
        ("country", "France", "country 'France' is not an ISO 3166-1 alpha-2 code"),
        ("channel", "web", "channel 'web' is not one of atm, card_present, ecommerce, transfer"),
    ],
)
def test_a_code_that_nobody_knows_is_refused(tmp_path: Path, column: str, value: str, said: str) -> None:
    assert bad(tmp_path, f"t3,a,m,1,1522540802,0,{value}", f"{HEADER},{column}") == f"f.csv: line 4: {said}."


def test_seconds_among_milliseconds_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, ["t1,a,m,1,1522540800000,0", "t2,a,m,1,1522540801,0"])
    assert (
        said_of(path)
        == "f.csv: line 3: timestamp 1522540801 is in seconds, but the file's are in milliseconds."
    )


def test_a_file_that_is_no_such_file_is_named(tmp_path: Path) -> None:
    assert said_of(written(tmp_path, [])) == "f.csv: no transactions, only the names of columns."
    (tmp_path / "empty").touch()
    assert said_of(tmp_path / "empty") == "empty: the file is empty."
    assert said_of(tmp_path / "none") == f"Cannot read {tmp_path}/none: No such file or directory."
    (tmp_path / "latin.csv").write_bytes(f"{HEADER}\n{FIRST}\nt2,Zoë,m,1,2,0\n".encode("latin-1"))
    assert said_of(tmp_path / "latin.csv") == "latin.csv: line 3: not UTF-8."
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
    assert said_of(tmp_path / "cut.parquet").startswith("cut.parquet: not readable as Parquet: ")


def test_a_duplicate_far_away_is_found_in_bounded_memory(tmp_path: Path) -> None:
    lines = [f"t{number},a,m,1,{1522540800 + number},0" for number in range(300_000)]
    lines.append("t17,a,m,1,1523000000,0")
    assert (
        said_of(written(tmp_path, lines)) == "f.csv: line 300002: transaction_id 't17' was on line 19, too."
    )


def test_parquet_holds_the_same_as_csv(tmp_path: Path) -> None:
    columns = {
        "transaction_id": [1, 2],
        "account_id": pyarrow.array(["a1", "a2"]).dictionary_encode(),
        "merchant_id": ["m1", "m1"],
        "amount": [12.5, 7.0],
        "timestamp": pyarrow.array([1_522_540_800_000, 1_522_540_801_000], pyarrow.timestamp("ms")),
        "is_fraud": [False, True],
        "country": [None, "FR"],
        "weather": [[1], [2]],
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "f.parquet")
    dataset = Dataset(tmp_path / "f.parquet")
    rows = list(dataset.rows())
    assert dataset.check() == Facts(2, 1, 1_522_540_800_000, 1_522_540_801_000)
    assert [(row.transaction.transaction_id, row.transaction.account_id) for row in rows] == [
        ("1", "a1"),
        ("2", "a2"),
    ]
    assert [(row.transaction.amount, row.transaction.country) for row in rows] == [
        (Decimal("12.5"), None),
        (Decimal(7), "FR"),
    ]
    assert dataset.done_bytes == dataset.size_bytes


def test_a_bad_row_of_a_parquet_file_is_named_by_its_number(tmp_path: Path) -> None:
    columns = {"transaction_id": ["t1", "t1"], "account_id": ["a", "a"], "merchant_id": ["m", "m"]}
    more = {"amount": [1.0, 2.0], "timestamp": [1522540800, 1522540800], "is_fraud": [0, 1]}
    parquet.write_table(pyarrow.table({**columns, **more}), tmp_path / "f.parquet")
    assert said_of(tmp_path / "f.parquet") == "f.parquet: row 2: transaction_id 't1' was on row 1, too."
