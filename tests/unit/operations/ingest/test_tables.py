"""Delimited text files and Parquet files: the bodies that are posted, and the rows that are refused."""

import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow
import pytest
from pyarrow import parquet

from cli.table_options import LABEL_FIELDS
from detection.data.maps.map_reader import parse_column_map
from functions.common.domain.transaction import Identifier
from operations.ingest.record_kinds import LABELS
from operations.ingest.send import send_file
from operations.ingest.tables.identifiers import IdentifierEncoder
from operations.ingest.tables.labels import LABEL_ONLY_FIELDS
from operations.ingest.tables.rows import TableOptions
from terminal.errors import EmptyFileError, UserError
from tests.unit.operations.fake_api import FakeApi, running

MS = 1_700_000_000_000
HEADER = "transaction_id,account_id,merchant_id,amount,currency,timestamp,device_id"
ROW = f"t1,a1,m1,0012.5000,EUR,{MS},x"
BODY = {
    "transaction_id": "t1",
    "account_id": "a1",
    "merchant_id": "m1",
    "amount": "0012.5000",
    "currency": "EUR",
    "timestamp": MS,
    "device_id": "x",
}
MAP = """
columns:
  transaction_id: Ref
  account_id: Card
  merchant_id: Shop
  amount: Amount
  timestamp: When
  is_fraud: Chargeback
  currency: {constant: CHF}
time: {format: "%d.%m.%Y %H:%M:%S"}
amount: {decimal: ",", thousands: ".", symbols: ["€"]}
refunds: keep
zero_amounts: leave_out
"""
MAPPED = """Ref;Card;Shop;Amount;When;Chargeback
r1;c1;s1;1.234,50 €;14.11.2023 22:13:20;yes
r2;c1;s1;0,00;14.11.2023 22:13:21;
r3;c1;s1;-5,00;14.11.2023 22:13:22;no
"""


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with running() as fake:
        yield fake


def write_file(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def zip_file(content: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("past.csv", content)
    return stream.getvalue()


def send(api: FakeApi, file: str, **options: Any) -> int:
    return send_file(api.target(), file, concurrency=1, **options)


def label(api: FakeApi, file: str, **options: Any) -> int:
    api.respond = lambda _: (201, b'{"status": "stored"}', {})
    return send_file(api.target(), file, LABELS, concurrency=1, **options)


def bodies(api: FakeApi) -> list[dict[str, Any]]:
    return [request.transaction() for request in api.requests]


def options(text: str = MAP, **changes: Any) -> TableOptions:
    if "account_id" in text:
        return TableOptions(columns=parse_column_map(text, "map"), **changes)
    column_map = parse_column_map(text, "map", LABEL_FIELDS, LABEL_ONLY_FIELDS)
    return TableOptions(columns=column_map, **changes)


QUOTED = ";".join(f'"{name}"' for name in HEADER.split(","))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("f.csv", f"{HEADER}\n{ROW}\n"),
        ("f.csv", f"{HEADER}\r{ROW}\r"),
        ("f.csv", f"{HEADER}\r\n\r\n{ROW}"),
        ("f.csv", f"{QUOTED}\r\n{ROW.replace(',', ';')}\r\n"),
        ("f.csv", f"\ufeff{HEADER}\n{ROW}\n"),
        ("f.csv", f"{HEADER}\n{ROW}\n".encode("utf-16")),
        ("f.csv.gz", gzip.compress(f"{HEADER}\n{ROW}\n".encode(), mtime=0)),
        ("f.zip", zip_file(f"{HEADER}\n{ROW}\n")),
        ("f", f"{HEADER},\n{ROW},\n"),
        ("f.csv", f",{HEADER}\n0,{ROW}\n"),
        ("f.csv", f"{HEADER},is_fraud,scenario\n{ROW},0,\n"),
    ],
)
def test_text_of_any_common_form_is_posted_exactly(
    api: FakeApi, tmp_path: Path, name: str, content: str | bytes
) -> None:
    assert send(api, write_file(tmp_path, name, content)) == 0
    assert bodies(api) == [BODY]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp037", "cp864", "utf-7", "gb18030"]
)
def test_card_numbers_in_rejects_are_masked_in_every_encoding(
    api: FakeApi, tmp_path: Path, encoding: str
) -> None:
    api.respond = lambda _: (400, b"{}", {})
    wide = "４１１１ １１１１ １１１１ １１１１" if encoding.startswith(("utf", "gb")) else ""  # noqa: RUF001
    cards = ("4111-1111-1111-1111", f"to {wide}", "4111111111111111,a cell too many")
    rows = [ROW.removesuffix("x") + card for card in cards]
    content = "\n".join([HEADER, *rows, ""]).encode(encoding)
    columns = "".join(f"  {name}: {name}\n" for name in HEADER.split(","))
    declared = options(f"encoding: {encoding}\ncolumns:\n{columns}")
    file = write_file(tmp_path, "f.csv", content)
    assert send(api, file, options=declared, rejects=str(tmp_path / "rejects")) == 1
    written = (tmp_path / "rejects").read_bytes()
    text = written.decode(encoding if encoding in ("utf-8", "latin-1", "gb18030") else "utf-8")
    assert text.count("1111") == text.count("１１１１") == 0  # noqa: RUF001
    assert text.count("*" * 4) == 4 * (3 if wide else 2)
    assert [line.split(",")[0] for line in text.splitlines()] == ["transaction_id", "t1", "t1", "t1"]


def test_rejects_of_a_tab_separated_file_are_not_masked_across_cells(api: FakeApi, tmp_path: Path) -> None:
    api.respond = lambda _: (400, b"{}", {})
    # Together, the digits of the last cells pass the Luhn check.
    content = f"{HEADER}\n{ROW.removesuffix('x')}411118\n".replace(",", "\t").encode()
    content = content.replace(str(MS).encode(), b"1700000009")
    assert send(api, write_file(tmp_path, "f.csv", content), rejects=str(tmp_path / "rejects")) == 1
    assert (tmp_path / "rejects").read_bytes() == content


def test_parquet_is_posted_with_exact_amounts_and_times(api: FakeApi, tmp_path: Path) -> None:
    columns = {name: pyarrow.array([BODY[name]]) for name in HEADER.split(",")}
    columns["amount"] = pyarrow.array([Decimal("12.50")], pyarrow.decimal128(12, 2))
    columns["timestamp"] = pyarrow.array([MS * 1000], pyarrow.timestamp("us", "UTC"))
    parquet.write_table(pyarrow.table(columns), tmp_path / "f.parquet")
    assert send(api, str(tmp_path / "f.parquet")) == 0
    assert bodies(api) == [{**BODY, "amount": "12.50"}]


@pytest.mark.parametrize(
    ("time", "changes"),
    [
        (str(MS // 1000), {}),
        ("2023-11-14T22:13:20Z", {}),
        ("2023-11-14 23:13:20", {"timezone": "Europe/Berlin"}),
        (str(MS), {"unit": "ms"}),
    ],
)
def test_times_are_posted_in_milliseconds(
    api: FakeApi, tmp_path: Path, time: str, changes: dict[str, Any]
) -> None:
    file = write_file(tmp_path, "f.csv", f"{HEADER}\n{ROW.replace(str(MS), time)}\n")
    assert send(api, file, options=TableOptions(**changes)) == 0
    assert bodies(api)[0]["timestamp"] == MS


def test_guessed_unit_is_said(api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    send(api, write_file(tmp_path, "f.csv", f"{HEADER}\n{ROW.replace(str(MS), '1700000000')}\n"))
    assert "--unit" in capsys.readouterr().err


def test_mapped_file_is_posted_and_zero_amounts_are_left_out(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert send(api, write_file(tmp_path, "f.csv", MAPPED), options=options()) == 0
    assert bodies(api) == [
        {
            "transaction_id": "r1",
            "account_id": "c1",
            "merchant_id": "s1",
            "amount": "1234.50",
            "currency": "CHF",
            "timestamp": MS,
        }
    ]
    assert ": zero amounts" in capsys.readouterr().err


def test_refund_is_posted_if_its_purchase_is_known(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = MAPPED.splitlines()
    file = write_file(
        tmp_path, "f.csv", "\n".join([f"{rows[0]};Of", *(f"{row};r1" for row in rows[3:]), f"{rows[3]};"])
    )
    column_map = options(MAP.replace("currency:", "original_transaction_id: Of\n  currency:"))
    assert send(api, file, options=column_map) == 0
    [refund] = bodies(api)
    assert (refund["transaction_id"], refund["type"], refund["amount"]) == ("r3", "refund", "5.00")
    assert refund["original_transaction_id"] == "r1"
    assert "1 row is left out: refunds" in capsys.readouterr().err


def test_rows_that_are_left_out_are_in_the_json_summary(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    send(api, write_file(tmp_path, "f.csv", MAPPED), options=options(), as_json=True)
    assert json.loads(capsys.readouterr().out)["left_out"].get("zero amounts") == 1


def test_spelling_of_labels_does_not_matter_when_transactions_are_posted(
    api: FakeApi, tmp_path: Path
) -> None:
    file = write_file(tmp_path, "f.csv", f"{HEADER},is_fraud\n{ROW},in review\n")
    assert send(api, file) == 0
    assert bodies(api) == [BODY]


def test_label_of_an_id_that_a_spreadsheet_has_rounded_is_refused(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_file(tmp_path, "f.csv", "transaction_id,label\n4.20E+15,fraud\nt1,fraud\n")
    assert label(api, file) == 1
    assert [body["transaction_id"] for body in bodies(api)] == ["t1"]
    assert "'4.20E+15'" in capsys.readouterr().err


@pytest.mark.parametrize(("times", "is_noted"), [((0, 2, 1), True), ((0, 1, 1), False)])
def test_rows_that_are_earlier_than_the_row_before_are_noted(
    api: FakeApi,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    times: tuple[int, ...],
    is_noted: bool,
) -> None:
    rows = [ROW.replace(str(MS), str(MS + time)).replace("t1", f"t{n}") for n, time in enumerate(times)]
    assert send(api, write_file(tmp_path, "f.csv", "\n".join([HEADER, *rows]))) == 0
    assert ("1 row is earlier" in capsys.readouterr().err) is is_noted


def test_file_that_is_not_sorted_is_posted_with_a_note(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    send(api, write_file(tmp_path, "f.csv", MAPPED), options=options(f"sort: true\n{MAP}"))
    assert "order of the file" in capsys.readouterr().err


def test_map_without_a_currency_means_euros_and_says_so(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = MAP.replace("  currency: {constant: CHF}\n", "")
    send(api, write_file(tmp_path, "f.csv", MAPPED), options=options(text))
    assert {body["currency"] for body in bodies(api)} == {"EUR"}
    assert "EUR" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("header", "details"),
    [
        (HEADER.replace("device_id", "land"), "unknown land"),
        (HEADER.replace("currency", "country"), "missing currency"),
        (HEADER.replace("device_id", "amount"), "amount"),
    ],
)
def test_wrong_columns_are_named(api: FakeApi, tmp_path: Path, header: str, details: str) -> None:
    with pytest.raises(UserError) as raised:
        send(api, write_file(tmp_path, "f.csv", f"{header}\n{ROW}\n"))
    assert details in raised.value.message
    assert not api.requests


def test_value_that_the_reader_accepts_is_checked_by_the_api(api: FakeApi, tmp_path: Path) -> None:
    api.answer(400, {"errors": [{"field": "currency", "detail": "is a withdrawn currency"}]})
    file = write_file(tmp_path, "f.csv", f"{HEADER}\n{ROW.replace('EUR', 'HRK')}\n")
    assert send(api, file) == 1
    assert bodies(api)[0]["currency"] == "HRK"


def test_rejected_rows_are_unchanged(api: FakeApi, tmp_path: Path) -> None:
    good = ROW.replace(",", ";")
    bad = b'"t2";a1;m1;12;EUR;never;"caf\xe9\r\n;"\r\n'
    header = QUOTED.encode() + b"\r\n"
    file = write_file(tmp_path, "f.csv", header + good.encode() + b"\r\n\r\n" + bad + b"t3;a1\r\n")
    rejects = tmp_path / "rejects.csv"
    latin = options(
        "encoding: latin-1\ncolumns:\n" + "".join(f"  {name}: {name}\n" for name in HEADER.split(","))
    )
    assert send(api, file, options=latin, rejects=str(rejects)) == 1
    assert rejects.read_bytes() == header + bad + b"t3;a1\r\n"
    reasons = [json.loads(line) for line in (tmp_path / "rejects.csv.reasons.jsonl").read_text().splitlines()]
    assert [(reason["line"], reason["input_line"], reason["status"]) for reason in reasons] == [
        (2, 4, None),
        (4, 6, None),
    ]


def test_rejected_row_after_a_lone_carriage_return_is_the_right_one(api: FakeApi, tmp_path: Path) -> None:
    bad = ROW.replace("0012.5000", "x").encode()
    file = write_file(tmp_path, "f.csv", f"{HEADER}\nt0,a\r1\n{ROW}\n".encode() + bad + b"\n")
    rejects = tmp_path / "rejects.csv"
    assert send(api, file, rejects=str(rejects)) == 1
    assert rejects.read_bytes() == HEADER.encode() + b"\nt0,a\r1\n" + bad + b"\n"


GENERATED = """
columns:
  transaction_id: {generate: row_number}
  account_id: Card
  merchant_id: {constant: shop}
  amount: Amount
  timestamp: When
  is_fraud: Fraud
"""


def sent_ids(api: FakeApi, file: str) -> list[str]:
    api.requests.clear()
    assert send(api, file, options=options(GENERATED)) == 0
    return [body["transaction_id"] for body in bodies(api)]


def test_generated_ids_of_two_files_differ(api: FakeApi, tmp_path: Path) -> None:
    header = "Card,Amount,When,Fraud\n"
    first = sent_ids(api, write_file(tmp_path, "a.csv", header + f"c1,1,{MS},\nc1,1,{MS},\n"))
    second = sent_ids(api, write_file(tmp_path, "b.csv", header + f"c1,2,{MS},\nc2,1,{MS},\n"))
    assert len({*first, *second}) == 4


def test_generated_ids_stay_when_the_file_grows_and_when_its_labels_are_known(
    api: FakeApi, tmp_path: Path
) -> None:
    row = f"c1,1,{MS},"
    first = sent_ids(api, write_file(tmp_path, "a.csv", f"Card,Amount,When,Fraud\n{row}\n"))
    later = write_file(tmp_path, "b.csv", f"Card,Amount,When,Fraud\n{row}1\n{row}0\n")
    assert sent_ids(api, later)[:1] == first
    api.requests.clear()
    assert label(api, later, options=options(GENERATED)) == 0
    assert [body["transaction_id"] for body in bodies(api)] == first


@pytest.mark.parametrize(
    "pack", [lambda text: gzip.compress(text.encode(), mtime=0), lambda text: text.encode("utf-16")]
)
def test_rejected_rows_of_a_compressed_file_can_be_sent_again(
    api: FakeApi, tmp_path: Path, pack: Any
) -> None:
    file = write_file(tmp_path, "f.csv", pack(f'{HEADER}\nt2,a1,m1,x,EUR,{MS},"a, b"\n{ROW}\n'))
    rejects = tmp_path / "rejects.csv"
    assert send(api, file, rejects=str(rejects)) == 1
    rejects.write_text(rejects.read_text().replace(",x,", ",7,"))
    assert send(api, str(rejects)) == 0
    assert bodies(api)[-1] == {**BODY, "transaction_id": "t2", "amount": "7", "device_id": "a, b"}


@pytest.mark.parametrize("name", ["f.csv", "f.jsonl", "f.csv.gz", "f"])
@pytest.mark.parametrize("kind", [send, label])
def test_empty_file_has_exit_status_2(api: FakeApi, tmp_path: Path, name: str, kind: Any) -> None:
    with pytest.raises(EmptyFileError):
        kind(api, write_file(tmp_path, name, gzip.compress(b"", mtime=0) if name.endswith("gz") else b""))


def test_file_with_a_header_only_has_exit_status_2(api: FakeApi, tmp_path: Path) -> None:
    with pytest.raises(EmptyFileError):
        send(api, write_file(tmp_path, "f.csv", f"{HEADER}\n"))
    with pytest.raises(EmptyFileError):
        label(api, write_file(tmp_path, "f.csv", "transaction_id,label\n"))


def test_file_that_is_not_readable_is_an_error_with_its_line(api: FakeApi, tmp_path: Path) -> None:
    content = f"{HEADER}\n{ROW}\n".encode() + b"t2,a1,m1,1,EUR,5,\xff\n"
    with pytest.raises(UserError) as raised:
        send(api, write_file(tmp_path, "f.csv", content))
    assert "f.csv: line 3: " in raised.value.message


@pytest.mark.parametrize("name", ["f.jsonl", "-"])
def test_options_of_tables_are_refused_for_json_lines_and_standard_input(
    api: FakeApi, tmp_path: Path, name: str
) -> None:
    file = name if name == "-" else write_file(tmp_path, name, "{}\n")
    with pytest.raises(UserError) as raised:
        send(api, file, options=TableOptions(unit="s"))
    assert "--unit" in raised.value.message


def test_labels_need_only_the_id_and_the_label(api: FakeApi, tmp_path: Path) -> None:
    content = "transaction_id;label;reported_at\nt1;fraud;2023-11-14\nt2;0;\nt3;;\n"
    assert label(api, write_file(tmp_path, "f.csv", content)) == 0
    assert bodies(api) == [
        {"transaction_id": "t1", "label": "fraud", "reported_at": 1_700_006_399_999},
        {"transaction_id": "t2", "label": "genuine"},
    ]


@pytest.mark.parametrize(
    ("time", "posted"),
    [
        ("2023-11-14", {}),
        ("2023-11-14 22:13:20", {}),
        ("1700000000", {}),
        ("1700000000000", {}),
        ("1700000000005", {"timestamp": 1_700_000_000_005}),
        ("2023-11-14T22:13:20.005Z", {"timestamp": 1_700_000_000_005}),
    ],
)
def test_time_of_a_labelled_transaction_is_posted_only_with_milliseconds(
    api: FakeApi, tmp_path: Path, time: str, posted: dict[str, int]
) -> None:
    content = f"transaction_id,timestamp,label\nt1,{time},fraud\n"
    assert label(api, write_file(tmp_path, "f.csv", content)) == 0
    assert bodies(api) == [{"transaction_id": "t1", "label": "fraud", **posted}]


def test_report_with_a_day_only_is_from_its_end_and_not_in_the_future(api: FakeApi, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    content = (
        f"transaction_id,label,reported_at\nt1,fraud,20231114\nt2,fraud,{now:%Y-%m-%d}\n"
        "t3,fraud,2023-11-14T00:00:00\nt4,fraud,9999-01-01\n"
    )
    assert label(api, write_file(tmp_path, "f.csv", content)) == 1
    times = {body["transaction_id"]: body["reported_at"] for body in bodies(api)}
    assert times.keys() == {"t1", "t2", "t3"}
    assert (times["t1"], times["t3"]) == (1_700_006_399_999, 1_699_920_000_000)
    assert 0 <= times["t2"] - now.timestamp() * 1000 < 60_000


def test_time_that_is_not_readable_is_refused_with_its_column(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = "transaction_id,label,reported_at\nt1,fraud,14.11.2023\n"
    assert label(api, write_file(tmp_path, "f.csv", content)) == 1
    assert "reported_at '14.11.2023' is not a time" in capsys.readouterr().err
    assert not api.requests


@pytest.mark.parametrize(("time", "is_noted"), [("2023-11-14 10:00", True), ("2023-11-14T10:00Z", False)])
def test_times_of_labels_without_a_zone_are_noted(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str], time: str, is_noted: bool
) -> None:
    content = f"transaction_id,label,reported_at\nt1,fraud,{time}\n"
    assert label(api, write_file(tmp_path, "f.csv", content)) == 0
    assert ("--timezone" in capsys.readouterr().err) == is_noted


def test_map_of_chargebacks_may_have_the_day_and_the_source_of_a_report(api: FakeApi, tmp_path: Path) -> None:
    text = (
        "columns: {transaction_id: Ref, is_fraud: {constant: fraud}, reported_at: Day, source: Scheme}\n"
        "time: {format: '%d.%m.%Y'}\n"
    )
    content = "Ref,Day,Scheme\nr1,14.11.2023,VISA\nr2,,\n"
    assert label(api, write_file(tmp_path, "f.csv", content), options=options(text)) == 0
    report = {"reported_at": 1_700_006_399_999, "source": "VISA"}
    assert bodies(api) == [
        {"transaction_id": "r1", "label": "fraud"} | report,
        {"transaction_id": "r2", "label": "fraud"},
    ]


def test_label_that_is_no_label_is_rejected(api: FakeApi, tmp_path: Path) -> None:
    assert label(api, write_file(tmp_path, "f.csv", "transaction_id,label\nt1,maybe\nt2,fraud\n")) == 1
    assert [body["transaction_id"] for body in bodies(api)] == ["t2"]


@pytest.mark.parametrize(("posts_genuine", "ids"), [(False, ["r1"]), (True, ["r1", "r3"])])
def test_labels_of_a_mapped_file_are_posted_and_genuine_ones_on_request(
    api: FakeApi, tmp_path: Path, posts_genuine: bool, ids: list[str]
) -> None:
    file = write_file(tmp_path, "f.csv", MAPPED)
    assert label(api, file, options=options(posts_genuine=posts_genuine)) == 0
    assert [body["transaction_id"] for body in bodies(api)] == ids
    assert bodies(api)[0] == {"transaction_id": "r1", "label": "fraud"}


def test_frauds_of_a_file_of_transactions_are_posted_without_a_map(api: FakeApi, tmp_path: Path) -> None:
    content = f"{HEADER},is_fraud\n{ROW},1\n{ROW.replace('t1', 't2')},0\n"
    assert label(api, write_file(tmp_path, "f.csv", content)) == 0
    assert bodies(api) == [{"transaction_id": "t1", "label": "fraud"}]


def test_file_of_chargebacks_has_a_map_of_two_columns(api: FakeApi, tmp_path: Path) -> None:
    text = "columns:\n  transaction_id: Ref\n  is_fraud: {constant: fraud}\n"
    assert label(api, write_file(tmp_path, "f.csv", "Ref,Case\nr1,17\n"), options=options(text)) == 0
    assert bodies(api) == [{"transaction_id": "r1", "label": "fraud"}]


def test_two_columns_of_labels_are_refused(api: FakeApi, tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        label(api, write_file(tmp_path, "f.csv", "transaction_id,label,is_fraud\nr1,fraud,0\n"))
    assert "label" in raised.value.message
    assert not api.requests


def test_map_with_a_column_that_the_file_lacks_is_refused(api: FakeApi, tmp_path: Path) -> None:
    text = "columns:\n  transaction_id: Ref\n  is_fraud: Fraud\n"
    with pytest.raises(UserError) as raised:
        label(api, write_file(tmp_path, "f.csv", "Ref,Case\nr1,17\n"), options=options(text))
    assert "Fraud" in raised.value.message


def test_ids_of_a_mapped_file_become_such_as_the_api_accepts(
    api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = MAPPED.replace("s1", "A, B & C").replace("r1", "r.1").replace("-5", "5")
    file = write_file(tmp_path, "f.csv", content)
    assert send(api, file, options=options()) == 0
    first, second = bodies(api)
    assert first["merchant_id"] == second["merchant_id"]
    assert "3 ids" in capsys.readouterr().err
    for body in (first, second):
        for name in ("transaction_id", "account_id", "merchant_id"):
            msgspec.convert(body[name], Identifier)
    assert label(api, file, options=options()) == 0
    assert bodies(api)[-1]["transaction_id"] == first["transaction_id"]


def test_encoded_ids_stay_different() -> None:
    encoder = IdentifierEncoder()
    texts = ["a.b", "a,b", "a_b", "a" * 70, "a" * 71, "é", "valid-1"]
    encoded = [encoder.encode(text) for text in texts]
    assert len(set(encoded)) == len(texts)
    assert encoded[-1] == "valid-1"
    assert [encoder.encode(text) for text in texts] == encoded
    for text in encoded:
        msgspec.convert(text, Identifier)


def test_ids_of_a_file_without_a_map_are_checked_by_the_api(api: FakeApi, tmp_path: Path) -> None:
    send(api, write_file(tmp_path, "f.csv", f"{HEADER}\n{ROW.replace('t1', 't 1')}\n"))
    assert bodies(api)[0]["transaction_id"] == "t 1"
