import gzip
from pathlib import Path

import pyarrow
import pycountry
import pytest
from pyarrow import parquet

from detection.data.dataset import Dataset, DatasetSummary
from detection.data.inspection import Inspection, inspect_file
from detection.data.maps.map_reader import parse_column_map, read_column_map
from detection.errors import DatasetError, EmptyDatasetError, EncodingError
from tests.unit.detection.files import FIRST, HEADER, SECOND, write_dataset

OWN = "payment id;customer;shop;amt;date;time;fraud;currency"


def inspect_rows(folder: Path, rows: list[str], header: str = OWN, **options: str) -> Inspection:
    return inspect_file(write_dataset(folder, rows, header), **options)  # type: ignore[arg-type]


def test_file_with_own_names_is_summarized(tmp_path: Path) -> None:
    inspection = inspect_file(write_dataset(tmp_path))
    assert (inspection.map_name, inspection.problem, inspection.times) == ("", "", "seconds")
    assert inspection.summary is not None
    assert (inspection.summary.transactions, inspection.summary.frauds) == (2, 1)
    assert inspection.currencies == {"EUR": 2}
    assert inspection.facts["delimiter"] == "comma"
    assert [column.used_as for column in inspection.columns] == HEADER.split(",")
    assert any("--unit" in note for note in inspection.notes)


def test_proposed_map_reads_the_file(tmp_path: Path) -> None:
    rows = [
        "p1;c1;Bar;1.234,50 €;31.01.2026;10:11;nein;eur",
        "p2;c2;Kiosk;3,50 €;01.02.2026;10:12;nein;EUR",
        "p3;c2;Kiosk;-3,50 €;01.02.2026;10:13;ja;EUR",
    ]
    inspection = inspect_rows(tmp_path, rows)
    assert (inspection.map_name, inspection.problem) == ("proposed", "")
    assert inspection.summary is not None
    assert (inspection.summary.transactions, inspection.summary.frauds) == (3, 1)
    assert inspection.currencies == {"EUR": 3}
    (tmp_path / "map.yaml").write_text(inspection.proposal, encoding="utf-8")
    again = inspect_rows(tmp_path, rows, columns=str(tmp_path / "map.yaml"))
    assert again.summary == inspection.summary
    assert parse_column_map(inspection.proposal, "m").refunds == "keep"


def test_column_without_values_in_the_first_rows_is_in_the_map(tmp_path: Path) -> None:
    header = f"{HEADER},currency,type,original_transaction_id"
    inspection = inspect_rows(tmp_path, [f"{FIRST},,,", f"{SECOND},,,"], header)
    sources = parse_column_map(inspection.proposal, "m").sources
    assert [sources[name].columns for name in ("currency", "type")] == [("currency",), ("type",)]


def test_ready_layout_is_used_if_it_fits(tmp_path: Path) -> None:
    header = "step,type,amount,nameOrig,nameDest,isFraud"
    inspection = inspect_rows(tmp_path, ["1,PAYMENT,5,C1,M1,0"], header)
    assert (inspection.map_name, inspection.times, inspection.problem) == ("paysim", "hours", "")
    assert parse_column_map(inspection.proposal, "m").sources["account_id"].columns == ("nameOrig",)


def test_fields_without_a_column_are_named_in_the_proposal(tmp_path: Path) -> None:
    inspection = inspect_rows(tmp_path, ["2026-01-01,5"], "date,amount")
    assert "account_id" in inspection.problem
    assert "# merchant_id:" in inspection.proposal
    assert "constant: unknown" in inspection.proposal
    assert inspection.summary is None


def test_steps_and_formats_that_are_ambiguous_are_questions(tmp_path: Path) -> None:
    steps = inspect_rows(tmp_path, ["1,c,m,5,0", "2,c,m,5,0"], "step,customer,merchant,amount,fraud")
    assert "unit: hours" in steps.proposal
    assert any("steps" in question for question in steps.questions)
    days = inspect_rows(tmp_path, ["01/02/2026,c,m,5,0"], "date,customer,merchant,amount,fraud")
    assert any("%d/%m/%Y" in question for question in days.questions)


def test_bad_rows_are_listed(tmp_path: Path) -> None:
    inspection = inspect_rows(tmp_path, [FIRST, SECOND, "t3,a,m,much,1522540802,0"], HEADER)
    assert inspection.summary is not None
    assert inspection.summary.rejected == 1
    assert inspection.rejected[0].startswith("line 4: amount 'much'")


def test_row_with_another_number_of_cells_is_listed(tmp_path: Path) -> None:
    inspection = inspect_rows(tmp_path, [FIRST, "x,y", SECOND], HEADER)
    assert inspection.summary is not None
    assert inspection.summary.rejected == len(inspection.rejected) == 1
    assert inspection.rejected[0].startswith("line 3: ")


def test_few_values_that_are_no_codes_are_bad_rows(tmp_path: Path) -> None:
    rows = [f"t{n},a,m,1,{1522540800 + n},0,{'Dollar' if n == 5 else 'usd'}" for n in range(20)]
    inspection = inspect_rows(tmp_path, rows, f"{HEADER},currency")
    assert inspection.currencies == {"USD": 19}
    assert any("'Dollar'" in question for question in inspection.questions)
    assert any(reason.startswith("line 7: currency 'D") for reason in inspection.rejected)


def test_currency_without_a_code_is_never_replaced_by_another_one(tmp_path: Path) -> None:
    rows = [f"t{n},a,m,1,{1522540800 + n},0,{('eur', 'BTC', '840')[n % 3]}" for n in range(20)]
    inspection = inspect_rows(tmp_path, rows, f"{HEADER},currency")
    source = parse_column_map(inspection.proposal, "m").sources["currency"]
    assert (source.columns, source.values) == (("currency",), {"eur": "EUR", "840": "USD"})
    assert inspection.currencies == {"EUR": 7, "USD": 6}
    assert any("'BTC'" in question and "--rejects" in question for question in inspection.questions)
    assert inspection.rejected[0].startswith("line 3: currency 'BTC'")
    inspection = inspect_rows(tmp_path, [row.replace("eur", "BTC") for row in rows], f"{HEADER},currency")
    assert "BTC" in inspection.problem
    assert not parse_column_map(inspection.proposal, "m").sources["currency"].constant


def test_file_that_cannot_be_used_has_a_problem_with_a_hint(tmp_path: Path) -> None:
    inspection = inspect_rows(tmp_path, ["t1,4.2E+15,m,1,1522540800,0"], HEADER)
    assert "4.2E+15" in inspection.problem
    assert inspection.hint


def test_file_without_rows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EmptyDatasetError):
        inspect_rows(tmp_path, [])


def check_proposal(folder: Path, inspection: Inspection) -> DatasetSummary:
    """The summary of the file, read with the proposed map alone."""
    assert inspection.map_name == "proposed"
    path = folder / "f.csv"
    return Dataset(path, columns=parse_column_map(inspection.proposal, "map.yaml")).check()


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (HEADER.replace("is_fraud", "fraud"), FIRST),
        (HEADER.replace("is_fraud", "Class"), FIRST),
        (HEADER, "t1,a1,m1,$12.50,1522540800,0"),
        (HEADER, "t1,a1,m1,(12.50),1522540800,0"),
        (HEADER, "t1,a1,m1,1'234.50,1522540800,0"),
        (HEADER, "t1,77.0,m1,1,1522540800,0"),
        (HEADER, "t1,a1,m1,1,20260131140500,0"),
        (HEADER, "t1,a1,m1,1,20260131140500123,0"),
        (HEADER, "t1,a1,m1,1,31-Jan-2026 14:05:00,0"),
        (HEADER, "t1,a1,m1,1,46053.587,0"),
        (HEADER, "t1,a1,m1,1,1522540800,NULL"),
        (f"{HEADER},currency", f"{FIRST},eur"),
        (f"{HEADER},Currency Code", f"{FIRST},EUR"),
        (f"{HEADER},country", f"{FIRST},de"),
        ("id,card,shop,amount,transaction date,transaction time,fraud", "1,a,m,5,31/01/2026,10:11:12,0"),
        (HEADER.replace("timestamp", "trans_date,trans_time"), "t1,a1,m1,1,2026-01-31,9:05:07,0"),
        (HEADER.replace("timestamp", "event date,event time"), "t1,a1,m1,1,31.01.2026,10:05,0"),
        (HEADER.replace("timestamp", "Event_Time"), "t1,a1,m1,1,2026-01-31T10:05:07Z,0"),
        (HEADER, "t1,a1,m1,1 234.50,1522540800,0"),
        (HEADER, "t1,a1,m1,12,2026-1-31 9:05,0"),
        (HEADER, "t1,a1,m1,12,2026-01-31 09:05 AM,0"),
        (HEADER, "t1,a1,m1,12,46053,0"),
        (HEADER, "t1,a1,m1,12,1522540800,not_fraud"),
        (f"{HEADER},type", f"{FIRST},SALE"),
    ],
)
def test_map_is_proposed_if_the_file_needs_one(tmp_path: Path, header: str, row: str) -> None:
    inspection = inspect_rows(tmp_path, [row], header)
    assert inspection.problem == ""
    summary = check_proposal(tmp_path, inspection)
    assert summary.transactions == 1
    assert summary.unlabelled == ("NULL" in row)


def test_rows_that_are_not_in_order_are_sorted_by_the_proposal(tmp_path: Path) -> None:
    inspection = inspect_rows(tmp_path, [SECOND, FIRST], HEADER)
    assert check_proposal(tmp_path, inspection).transactions == 2


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le"])
def test_encoding_is_proposed(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "f.csv"
    path.write_text(f"{HEADER}\nt1,a1,Café,1,1522540800,0\n", encoding=encoding)
    inspection = inspect_file(path)
    assert any(encoding in question for question in inspection.questions)
    check_proposal(tmp_path, inspection)
    assert parse_column_map(inspection.proposal, "m").text_format.encoding == encoding


def test_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(b"a,b\n\0\x01\xff\n" * 9)
    with pytest.raises(EncodingError):
        inspect_file(tmp_path / "f.csv")


def test_label_that_is_known_decides_about_the_other_one(tmp_path: Path) -> None:
    rows = [f"t{n},a,m,1,{1522540800 + n},{'fraud' if n < 3 else 'not fraud'}" for n in range(4)]
    assert check_proposal(tmp_path, inspect_rows(tmp_path, rows, HEADER)).frauds == 3


def test_currencies_and_marks_of_amounts_are_questions(tmp_path: Path) -> None:
    rows = [
        't1,a,m,"USD 12,50",1522540800,0',
        "t2,a,m,EUR 12.50,1522540801,0",
        "t3,a,m,EUR 1.50,1522540802,0",
    ]
    inspection = inspect_rows(tmp_path, rows, HEADER)
    assert any("EUR, USD" in question for question in inspection.questions)
    assert any("12,50 and 12.50" in question for question in inspection.questions)


def test_column_of_ids_that_repeat_is_a_question(tmp_path: Path) -> None:
    rows = [FIRST, FIRST.replace("a1", "a2")]
    inspection = inspect_rows(tmp_path, rows, HEADER)
    assert any("'t1' twice" in question for question in inspection.questions)
    assert check_proposal(tmp_path, inspection).transactions == 2


@pytest.mark.parametrize("clock", ["12:05 AM", "12:05:07 pm", "1:05PM"])
def test_times_of_half_a_day_are_understood(tmp_path: Path, clock: str) -> None:
    rows = [f"t1,a,m,5,1/31/2019 {clock},0", f"t2,a,m,5,2/1/2019 {clock},1"]
    inspection = inspect_rows(tmp_path, rows, HEADER)
    assert inspection.problem == ""
    assert inspection.summary is not None
    assert inspection.summary.transactions == 2


def test_common_texts_of_channels_get_codes(tmp_path: Path) -> None:
    rows = [f"{FIRST},Contactless", f"{SECOND},card_present"]
    inspection = inspect_rows(tmp_path, rows, f"{HEADER},channel")
    assert parse_column_map(inspection.proposal, "m").sources["channel"].values == {
        "Contactless": "card_present"
    }
    assert any("Contactless" in question for question in inspection.questions)


def test_channel_with_unknown_texts_is_not_used(tmp_path: Path) -> None:
    rows = [f"{FIRST},Contactless", f"{SECOND},carrier pigeon"]
    inspection = inspect_rows(tmp_path, rows, f"{HEADER},channel")
    assert "channel" not in parse_column_map(inspection.proposal, "m").sources
    assert any("not used" in question for question in inspection.questions)


@pytest.mark.parametrize(
    ("name", "texts", "codes"),
    [
        ("currency", ("978", "840", "36"), ["EUR", "USD", "AUD"]),
        ("currency", ("Euro", "US Dollar", "jpy"), ["EUR", "USD", "JPY"]),
        ("currency", ("€", "£", "EUR"), ["EUR", "GBP"]),
        ("country", ("DEU", "USA", "de"), ["DE", "US", "DE"]),
        ("country", ("276", "36", "NO"), ["DE", "AU"]),
        ("country", ("Germany", "UK", "Norway"), ["DE", "GB", "NO"]),
    ],
)
def test_other_forms_of_codes_get_values(
    tmp_path: Path, name: str, texts: tuple[str, ...], codes: list[str]
) -> None:
    rows = [f"t{n},a,m,1,{1522540800 + n},0,{text}" for n, text in enumerate(texts)]
    inspection = inspect_rows(tmp_path, rows, f"{HEADER},{name}")
    values = parse_column_map(inspection.proposal, "m").sources[name].values
    assert values == dict(zip(texts, codes, strict=False))
    assert check_proposal(tmp_path, inspection).transactions == len(texts)
    assert any(f"'{texts[0]}' is read as {codes[0]}" in question for question in inspection.questions)


def test_values_of_later_rows_get_codes(tmp_path: Path) -> None:
    names = [country.name for country in pycountry.countries if "," not in country.name]
    rows = [f"t{n},a,m,1,{1522540800 + n},0,Germany" for n in range(30_000)]
    rows += [f"u{n},a,m,1,{1522580800 + n},0,{name}" for n, name in enumerate(names)]
    inspection = inspect_rows(tmp_path, rows, f"{HEADER},country")
    assert set(parse_column_map(inspection.proposal, "m").sources["country"].values) == set(names)
    assert check_proposal(tmp_path, inspection).transactions == len(rows)


def test_country_without_a_code_is_not_used(tmp_path: Path) -> None:
    inspection = inspect_rows(tmp_path, [f"{FIRST},Narnia", f"{SECOND},Germany"], f"{HEADER},country")
    assert "country" not in parse_column_map(inspection.proposal, "m").sources
    assert any("not used" in question and "'Narnia'" in question for question in inspection.questions)


def test_symbol_of_several_currencies_is_a_question(tmp_path: Path) -> None:
    inspection = inspect_rows(tmp_path, [f"{FIRST},€", f"{SECOND},$"], f"{HEADER},currency")
    assert inspection.currencies == {"EUR": 1, "USD": 1}
    assert any("'$'" in question and "several currencies" in question for question in inspection.questions)
    assert not any("'€'" in question and "several" in question for question in inspection.questions)


def test_numbers_of_parquet_get_codes(tmp_path: Path) -> None:
    columns = {name: [text] * 2 for name, text in zip(HEADER.split(","), FIRST.split(","), strict=True)}
    columns["transaction_id"] = ["t1", "t2"]
    table = pyarrow.table(columns | {"currency": [978, 36], "country": [276.0, None]})
    parquet.write_table(table, tmp_path / "f.csv")
    inspection = inspect_file(tmp_path / "f.csv")
    assert inspection.currencies == {"EUR": 1, "AUD": 1}
    assert parse_column_map(inspection.proposal, "m").sources["country"].values == {"276": "DE"}
    assert check_proposal(tmp_path, inspection).transactions == 2


def test_bad_times_do_not_hide_the_format(tmp_path: Path) -> None:
    rows = [f"t{n},a,m,1,{'soon' if n == 7 else '31.01.2026 10:11'},0" for n in range(20)]
    inspection = inspect_rows(tmp_path, rows, HEADER)
    assert inspection.times == "%d.%m.%Y %H:%M"
    assert inspection.summary is not None
    assert inspection.summary.rejected == 1


def test_options_of_times_are_in_the_proposal(tmp_path: Path) -> None:
    rows = [f"t1,a,m,1,{time},{label}" for time, label in (("2026-07-01 10:00:00", "ok"),)]
    inspection = inspect_rows(tmp_path, rows, HEADER, timezone="Europe/Berlin")
    assert parse_column_map(inspection.proposal, "m").time.timezone == "Europe/Berlin"
    assert check_proposal(tmp_path, inspection) == inspection.summary
    inspection = inspect_rows(tmp_path, [f"{FIRST.removesuffix('0')}ok"], HEADER, unit="ms")
    assert parse_column_map(inspection.proposal, "m").time.unit == "ms"


def test_order_of_rows_is_that_in_the_time_zone(tmp_path: Path) -> None:
    rows = ["t1,a,m,1,2026-10-25 02:30:00,0", "t2,a,m,1,2026-10-25 02:10:00,0"]
    assert inspect_rows(tmp_path, rows, HEADER, timezone="Europe/Berlin").map_name == ""


def test_blank_currencies_are_counted_with_the_default(tmp_path: Path) -> None:
    inspection = inspect_rows(tmp_path, [f"{FIRST},", f"{SECOND},EUR"], f"{HEADER},currency")
    assert inspection.currencies == {"EUR": 2}


def test_labels_of_several_kinds_are_understood(tmp_path: Path) -> None:
    labels = ("confirmed_fraud", "not_fraud", "pending", "not_fraud")
    rows = [f"t{n},a,m,1,{1522540800 + n},{label}" for n, label in enumerate(labels)]
    inspection = inspect_rows(tmp_path, rows, HEADER)
    summary = check_proposal(tmp_path, inspection)
    assert (summary.frauds, summary.unlabelled) == (1, 1)
    assert any("pending: unknown" in question for question in inspection.questions)


@pytest.mark.parametrize(("other", "frauds"), [("G", 1), ("L", 1), ("n", 1), ("T", 3)])
def test_letter_f_is_fraud_unless_another_letter_is_true(tmp_path: Path, other: str, frauds: int) -> None:
    rows = [f"t{n},a,m,1,{1522540800 + n},{'F' if n == 3 else other}" for n in range(4)]
    summary = inspect_rows(tmp_path, rows, HEADER).summary
    assert summary is not None
    assert (summary.frauds, summary.rejected) == (frauds, 0)


def test_unknown_label_is_a_question_beside_known_ones(tmp_path: Path) -> None:
    rows = [f"t{n},a,m,1,{1522540800 + n},{label}" for n, label in enumerate(("0", "OK", "bad", "maybe"))]
    inspection = inspect_rows(tmp_path, rows, HEADER)
    assert parse_column_map(inspection.proposal, "m").labels["bad"] is True
    assert any("'maybe'" in question for question in inspection.questions)
    assert len(inspection.rejected) == 1


def test_question_is_asked_of_a_file_with_the_usual_names(tmp_path: Path) -> None:
    rows = [f"t{n},a,m,{amount},{1522540800 + n},0" for n, amount in enumerate(("12.50", '"3,10"', "4"))]
    inspection = inspect_rows(tmp_path, rows, HEADER)
    assert any("different decimal marks" in question for question in inspection.questions)


def test_type_with_unknown_texts_is_a_question(tmp_path: Path) -> None:
    inspection = inspect_rows(tmp_path, [f"{FIRST},CASH_OUT"], f"{HEADER.replace('is_fraud', 'Class')},type")
    assert "type" not in parse_column_map(inspection.proposal, "m").sources
    assert any("type is not used" in question for question in inspection.questions)


SPARKOV = "trans_num,cc_num,merchant,amt,trans_date_trans_time,is_fraud,category"


@pytest.mark.parametrize(
    ("row", "delimiter"),
    [
        ("t1,a,m,4.97,1/31/2019 0:05,0,misc", ","),
        ("t1,a,m,4.97,31-01-2019 00:05,0,misc", ","),
        ("t1;a;m;4,97;2019-01-31 00:05:00;0;misc", ";"),
        ("t1;a;m;4,97;31.01.2019 00:05;falsch;misc", ";"),
    ],
)
def test_layout_is_adapted_to_values_that_a_spreadsheet_has_written(
    tmp_path: Path, row: str, delimiter: str
) -> None:
    inspection = inspect_rows(tmp_path, [row], SPARKOV.replace(",", delimiter))
    assert inspection.problem == ""
    summary = check_proposal(tmp_path, inspection)
    assert (summary.first_ms, summary.frauds, summary.unlabelled) == (1_548_893_100_000, 0, 0)
    assert any("sparkov" in question for question in inspection.questions)
    assert inspection.currencies == {"USD": 1}


def test_error_in_a_file_of_a_layout_names_the_task_that_adapts_it(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, ["t1,a,m,5,1/31/2019 0:05,0,misc"], SPARKOV)
    with pytest.raises(DatasetError, match="line 2: timestamp") as caught:
        Dataset(path, columns=read_column_map("sparkov")).check()
    assert "data.inspect" in caught.value.hint


def test_labels_of_later_rows_are_understood(tmp_path: Path) -> None:
    rows = [f"t{n},a,m,1,{1522540800 + n},{'ok' if n < 19_999 else 'stolen'}" for n in range(20_000)]
    assert check_proposal(tmp_path, inspect_rows(tmp_path, rows, HEADER)).frauds == 1


def test_layout_is_found_without_labels_and_in_another_encoding(tmp_path: Path) -> None:
    row = "t1,a,Café,4.97,2019-01-31 00:05:00,misc"
    inspection = inspect_rows(tmp_path, [row], SPARKOV.replace(",is_fraud", ""))
    assert (inspection.map_name, inspection.problem) == ("sparkov", "")
    path = tmp_path / "f.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp1252"))
    inspection = inspect_file(path)
    assert parse_column_map(inspection.proposal, "m").text_format.encoding == "cp1252"
    assert inspection.currencies == {"USD": 1}


def test_unit_in_the_name_of_an_amount_is_its_currency(tmp_path: Path) -> None:
    inspection = inspect_rows(tmp_path, [FIRST], HEADER.replace("amount", "Amount (USD)"))
    assert inspection.currencies == {"USD": 1}


def test_later_rows_decide_whether_the_day_is_first(tmp_path: Path) -> None:
    # The first batch ends before January 13.
    days = [f"t{n},a,m,1,1/{1 + n // 2000}/2026 {n // 60 % 24}:{n % 60:02d},0" for n in range(30_000)]
    inspection = inspect_rows(tmp_path, [*days, "t,a,m,1,20/1/2026 0:00,0"], HEADER.replace("amount", "amt"))
    assert inspection.times == "%m/%d/%Y %H:%M"
    assert not any("the month is first" in question for question in inspection.questions)


def test_ambiguous_days_are_taken_for_consecutive_ones(tmp_path: Path) -> None:
    inspection = inspect_rows(tmp_path, [f"t{n},a,m,1,1/{n}/2026 9:00,0" for n in range(1, 6)], HEADER)
    assert inspection.times == "%m/%d/%Y %H:%M"
    assert any("the month is first" in question for question in inspection.questions)


def test_file_that_begins_with_a_title_has_a_hint(tmp_path: Path) -> None:
    inspection = inspect_rows(tmp_path, [HEADER, FIRST], "Report")
    assert "before the header" in inspection.hint


def test_date_and_time_of_digits_are_joined(tmp_path: Path) -> None:
    header = HEADER.replace("timestamp", "date,time")
    inspection = inspect_rows(tmp_path, ["t1,a,m,1,20260131,140501,0"], header)
    assert check_proposal(tmp_path, inspection).first_ms == 1_769_868_301_000
    inspection = inspect_rows(tmp_path, ["t1,a,m,1,31.01.2026,140501,0"], header)
    assert check_proposal(tmp_path, inspection).first_ms == 1_769_868_301_000


def test_time_of_day_that_is_not_used_is_a_question(tmp_path: Path) -> None:
    inspection = inspect_rows(
        tmp_path, ["t1,a,m,1,20260131,90501,0"], HEADER.replace("timestamp", "date,time")
    )
    assert any("time is not used" in question for question in inspection.questions)


def test_names_that_differ_only_in_case_are_a_question(tmp_path: Path) -> None:
    header = HEADER.replace("account_id", "Account_Id,ACCOUNT_ID")
    inspection = inspect_rows(tmp_path, ["t1,a,b,m,1,1522540800,0"], header)
    assert any("Account_Id and ACCOUNT_ID" in question for question in inspection.questions)
    with pytest.raises(DatasetError, match="Account_Id and ACCOUNT_ID"):
        Dataset(tmp_path / "f.csv")


def test_encoding_of_a_compressed_file_is_proposed(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(gzip.compress(f"{HEADER}\nt1,a1,Café,1,1522540800,0\n".encode("cp1252")))
    check_proposal(tmp_path, inspect_file(path))


@pytest.mark.parametrize(("last", "unit"), [(743, "hours"), (172_792, "seconds")])
def test_unit_of_steps_depends_on_their_range(tmp_path: Path, last: int, unit: str) -> None:
    inspection = inspect_rows(tmp_path, ["t1,a,m,1,0,0", f"t2,a,m,1,{last},0"], HEADER)
    assert inspection.times == unit


def test_file_with_few_names_of_a_layout_has_its_own_map(tmp_path: Path) -> None:
    inspection = inspect_rows(tmp_path, ["0,5,a,m,0", "9,5,a,m,1"], "Time,Amount,Card,Shop,Class")
    assert parse_column_map(inspection.proposal, "m").sources["account_id"].columns == ("Card",)


def test_layout_keeps_its_forms_if_values_have_no_other_one(tmp_path: Path) -> None:
    header = "step,type,amount,nameOrig,nameDest,isFraud"
    rows = ["1,PAYMENT,5,C1,M1,0", "1,PAYMENT,5,C1,M1,0", "1.2e+05,PAYMENT,5,C1,M1,0"]
    inspection = inspect_rows(tmp_path, rows, header)
    assert (inspection.map_name, inspection.times) == ("paysim", "hours")
    assert len(inspection.rejected) == 1
