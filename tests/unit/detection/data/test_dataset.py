from decimal import Decimal
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from detection.data.columns import LabelledTransaction
from detection.data.dataset import Dataset, DatasetSummary
from detection.errors import DatasetError
from functions.common.domain.transaction_event import TransactionInserted
from tests.unit.detection.files import FIRST, HEADER, SECOND, write_dataset


def check_error(path: Path, *, labels: bool = True) -> str:
    """The message of the error that the check of a file raises, without the folder."""
    with pytest.raises(DatasetError) as caught:
        Dataset(path, labels=labels).check()
    return caught.value.message.removeprefix(f"{path.parent}/")


def check_third_row(folder: Path, row: str, header: str = HEADER) -> str:
    """The message of the error that a row after two valid rows causes."""
    padding = "," * (header.count(",") - HEADER.count(","))
    return check_error(write_dataset(folder, [FIRST + padding, SECOND + padding, row], header))


def test_row_is_read_as_a_labelled_transaction(tmp_path: Path) -> None:
    header = f"{HEADER},scenario,currency,country,channel,device_id,merchant_category"
    path = write_dataset(tmp_path, [f"{SECOND},stolen,USD,FR,atm,d1,5967"], header)
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
    assert list(Dataset(path).rows()) == [LabelledTransaction(transaction, True, "stolen")]


def test_missing_columns_are_none_and_the_currency_defaults_to_euro(tmp_path: Path) -> None:
    first = next(Dataset(write_dataset(tmp_path)).rows())
    assert first.transaction.currency == "EUR"
    assert (first.transaction.country, first.transaction.device_id, first.scenario) == (None, None, "")


def test_columns_can_have_any_order_and_unknown_ones_are_noted(tmp_path: Path) -> None:
    header = "weather,is_fraud,timestamp,amount,merchant_id,account_id,transaction_id"
    dataset = Dataset(write_dataset(tmp_path, ["sunny,True,1522540800,9.5,m1,a1,t1"], header), unit="s")
    assert next(dataset.rows()).is_fraud is True
    assert any("weather" in note for note in dataset.notes())


@pytest.mark.parametrize(("delimiter", "mark"), [(";", ""), ("\t", ""), (",", "\N{BYTE ORDER MARK}")])
def test_delimiters_and_byte_order_mark_are_detected(tmp_path: Path, delimiter: str, mark: str) -> None:
    path = write_dataset(tmp_path, [FIRST.replace(",", delimiter)], mark + HEADER.replace(",", delimiter))
    assert [row.transaction.amount for row in Dataset(path).rows()] == [Decimal("12.50")]


@pytest.mark.parametrize(
    ("times", "unit", "first_ms"),
    [
        (("1522540800", "1522540801"), "seconds", 1_522_540_800_000),
        (("1522540800.25", "1522540801.0"), "seconds", 1_522_540_800_250),
        (("1522540800000", "1522540800001"), "milliseconds", 1_522_540_800_000),
    ],
)
def test_unit_of_timestamps_is_inferred_and_noted(
    tmp_path: Path, times: tuple[str, str], unit: str, first_ms: int
) -> None:
    dataset = Dataset(write_dataset(tmp_path, [f"t{time},a,m,1,{time},0" for time in times]))
    assert dataset.check().first_ms == first_ms
    [note] = [note for note in dataset.notes() if "--unit" in note]
    assert f" {unit} " in note


def test_given_unit_is_used_without_a_note(tmp_path: Path) -> None:
    dataset = Dataset(write_dataset(tmp_path, ["t1,a,m,1,31,0"]), unit="ms")
    assert dataset.check().first_ms == 31
    assert not any("--unit" in note for note in dataset.notes())


def test_check_counts_transactions_and_frauds(tmp_path: Path) -> None:
    summary = Dataset(write_dataset(tmp_path)).check()
    assert summary == DatasetSummary(
        transactions=2, frauds=1, first_ms=1_522_540_800_000, last_ms=1_522_540_801_000
    )


def test_missing_columns_are_reported_with_the_columns_of_the_file(tmp_path: Path) -> None:
    message = check_error(write_dataset(tmp_path, ["t1,a1,2"], "transaction_id,account,amount"))
    assert message.startswith("f.csv: ")
    assert "account_id, merchant_id, timestamp, is_fraud" in message
    assert "transaction_id, account, amount" in message


def test_labels_are_required_unless_disabled(tmp_path: Path) -> None:
    header = HEADER.removesuffix(",is_fraud")
    path = write_dataset(tmp_path, [FIRST.removesuffix(",0")], header)
    assert next(Dataset(path, labels=False).rows()).is_fraud is None
    assert "is_fraud" in check_error(path)


@pytest.mark.parametrize(
    ("row", "mention"),
    [
        ("t3,a,m,1,1522540802000,0", "timestamp '1522540802000'"),
        ("t3,a,m,1,1522540700,0", "2018-03-31 23:58:20 follows 2018-04-01 00:00:01"),
        ("t1,a,m,1,1522540802,0", "transaction_id 't1', first used on line 2"),
        ("t3,a,m,much,1522540802,0", "amount 'much'"),
        ("t3,a,m,NaN,1522540802,0", "amount 'NaN'"),
        ("t3,a,m,-3,1522540802,0", "amount '-3'"),
        ("t3,a,m,1,2018-04-02,0", "timestamp '2018-04-02'"),
        ("t3,a,m,1,,0", "timestamp"),
        ("t3,,m,1,1522540802,0", "account_id"),
        ("t3,a,m,1,1522540802,2", "is_fraud '2'"),
        ("t3,a,m,1,1522540802", "5 cells"),
        ('t3,"a,m,1,1522540802,0', "CSV"),
    ],
)
def test_invalid_row_is_reported_with_its_line(tmp_path: Path, row: str, mention: str) -> None:
    message = check_third_row(tmp_path, row)
    assert message.startswith("f.csv: line 4: ")
    assert mention in message


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("currency", "eur", "ISO 4217"),
        ("country", "France", "ISO 3166-1 alpha-2"),
        ("channel", "web", "atm, card_present, ecommerce, transfer"),
    ],
)
def test_unknown_code_is_rejected(tmp_path: Path, column: str, value: str, expected: str) -> None:
    message = check_third_row(tmp_path, f"t3,a,m,1,1522540802,0,{value}", f"{HEADER},{column}")
    assert message.startswith(f"f.csv: line 4: {column} '{value}'")
    assert expected in message


def test_seconds_in_a_file_of_milliseconds_are_rejected(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, ["t1,a,m,1,1522540800000,0", "t2,a,m,1,1522540801,0"])
    assert check_error(path).startswith("f.csv: line 3: timestamp '1522540801' is in seconds")


def test_header_without_rows_is_rejected(tmp_path: Path) -> None:
    assert check_error(write_dataset(tmp_path, [])).startswith("f.csv: ")


def test_empty_file_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert check_error(tmp_path / "empty").startswith("empty: ")


def test_missing_file_is_reported_by_path(tmp_path: Path) -> None:
    assert f"{tmp_path}/none" in check_error(tmp_path / "none")


def test_file_that_is_not_utf_8_is_rejected_at_the_line(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes(f"{HEADER}\n{FIRST}\nt2,Zoë,m,1,2,0\n".encode("latin-1"))
    assert check_error(tmp_path / "latin.csv").startswith("latin.csv: line 3: ")


def test_truncated_parquet_file_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
    assert check_error(tmp_path / "cut.parquet").startswith("cut.parquet: ")


def test_duplicate_id_is_found_across_many_rows(tmp_path: Path) -> None:
    rows = [f"t{number},a,m,1,{1522540800 + number},0" for number in range(300_000)]
    rows.append("t17,a,m,1,1523000000,0")
    message = check_error(write_dataset(tmp_path, rows))
    assert message.startswith("f.csv: line 300002: ")
    assert "'t17', first used on line 19" in message


def test_first_row_with_an_id_of_an_earlier_row_is_reported(tmp_path: Path) -> None:
    rows = [f"{row_id},a,m,1,{1522540800 + number},0" for number, row_id in enumerate("abbab")]
    message = check_error(write_dataset(tmp_path, rows))
    assert message.startswith("f.csv: line 4: duplicate transaction_id 'b', first used on line 3")


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
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
    assert dataset.check() == DatasetSummary(2, 1, 1_522_540_800_000, 1_522_540_801_000)
    assert [(row.transaction.transaction_id, row.transaction.account_id) for row in rows] == [
        ("1", "a1"),
        ("2", "a2"),
    ]
    assert [(row.transaction.amount, row.transaction.country) for row in rows] == [
        (Decimal("12.5"), None),
        (Decimal(7), "FR"),
    ]
    assert dataset.done_bytes == dataset.size_bytes


def test_invalid_row_of_a_parquet_file_is_reported_with_its_number(tmp_path: Path) -> None:
    columns = {"transaction_id": ["t1", "t1"], "account_id": ["a", "a"], "merchant_id": ["m", "m"]}
    more = {"amount": [1.0, 2.0], "timestamp": [1522540800, 1522540800], "is_fraud": [0, 1]}
    parquet.write_table(pyarrow.table({**columns, **more}), tmp_path / "f.parquet")
    message = check_error(tmp_path / "f.parquet")
    assert message.startswith("f.parquet: row 2: ")
    assert "'t1', first used on row 1" in message
