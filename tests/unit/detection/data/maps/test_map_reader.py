from pathlib import Path

import pytest

from detection.data.column_map import ColumnSource
from detection.data.maps.map_reader import layout_names, parse_column_map, read_column_map
from detection.errors import DetectionError

REQUIRED = "columns: {transaction_id: a, account_id: b, merchant_id: c, amount: d, timestamp: e%s}\n"
MAP = REQUIRED % ""


def find_fault(text: str) -> str:
    """The first line of the error, without the name of the file."""
    with pytest.raises(DetectionError) as caught:
        parse_column_map(text, "map.yaml")
    return caught.value.message.splitlines()[0].removeprefix("map.yaml:")


def test_sources_are_read() -> None:
    more = ", is_fraud: {columns: [x, y], join: ''}, currency: {constant: USD}"
    more += ", channel: {column: z, values: {P: atm}}"
    column_map = parse_column_map(REQUIRED % more, "map.yaml")
    assert column_map.sources["amount"] == ColumnSource(columns=("d",))
    assert column_map.sources["is_fraud"] == ColumnSource(columns=("x", "y"), join="")
    assert column_map.sources["currency"] == ColumnSource(constant="USD")
    assert column_map.sources["channel"] == ColumnSource(columns=("z",), values={"P": "atm"})
    assert column_map.columns == ["a", "b", "c", "d", "e", "x", "y", "z"]


def test_labels_are_in_any_case_and_blank_is_unknown() -> None:
    labels = parse_column_map(MAP + "labels: {fraud: [C], genuine: [OK], unknown: ['?']}", "m").labels
    assert labels == {"c": True, "ok": False, "?": None, "": None}
    assert parse_column_map(MAP, "m").labels["fraud"] is True


@pytest.mark.parametrize(
    ("text", "position"),
    [
        (MAP + "colums: {}", "2:1: "),
        (MAP + "time: {unit: weeks}", "2:14: "),
        (MAP + "time: {unit: hours}", "2:7: "),
        (MAP + "time: {start: 2018-01-01}", "2:7: "),
        (MAP + "time: {timezone: Berlin}", "2:18: "),
        (MAP + "time: {unit: s, format: '%Y'}", "2:25: "),
        (MAP + "time: {unit: days, start: soon}", "2:27: "),
        (MAP + "amount: {decimal: ',', thousands: ','}", "2:9: "),
        (MAP + "amount: {decimal: ',,'}", "2:19: "),
        (MAP + "time: {format: '%Q'}", "2:16: "),
        (MAP + "time: {format: '%d/%m %H:%M'}", "2:16: "),
        (REQUIRED % ", channel: {columns: []}", "1:"),
        (MAP + "refunds: maybe", "2:10: "),
        (MAP + "sort: yes", "2:7: "),
        (MAP + "encoding: utf-9", "2:11: "),
        (MAP + "encoding: idna", "2:11: "),
        (MAP + "delimiter: §", "2:12: "),
        (MAP + "delimiter: a", "2:12: "),
        (MAP + "quote: “", "2:8: "),
        (MAP + "labels: {fraud: [X], genuine: [x]}", "2:9: "),
        (REQUIRED % ", currency: {constant: usd}", "1:"),
        (REQUIRED % ", channel: {column: a, values: {WEB: web}}", "1:"),
        (REQUIRED % ", country: {generate: row_number}", "1:"),
        (MAP + "labels: {fraud: 1}", "2:17: "),
        ("columns: {transaction_id: a}", "1:10: "),
        (REQUIRED % ", wether: x", "1:"),
        (REQUIRED % ", channel: {column: a, constant: b}", "1:"),
        (REQUIRED % ", channel: {generate: uuid}", "1:"),
        ("columns: [", "1:"),
        ("", "1:1: "),
        ("# nothing", "1:1: "),
    ],
)
def test_fault_has_its_position(text: str, position: str) -> None:
    assert find_fault(text).startswith(position)


def test_all_faults_are_reported() -> None:
    with pytest.raises(DetectionError) as caught:
        parse_column_map(MAP + "refunds: a\nsort: b\n", "map.yaml")
    assert [line.split(":")[1] for line in caught.value.message.splitlines()] == ["2", "3"]


def test_unreadable_map_is_reported_with_the_layouts(tmp_path: Path) -> None:
    with pytest.raises(DetectionError) as caught:
        read_column_map(str(tmp_path / "none.yaml"))
    assert "paysim" in caught.value.hint


def test_misspelt_layout_is_suggested() -> None:
    with pytest.raises(DetectionError) as caught:
        read_column_map("pay_sim")
    assert caught.value.hint.endswith("paysim?")


@pytest.mark.parametrize("name", layout_names())
def test_ready_layout_is_valid(name: str) -> None:
    assert read_column_map(name).name == name


@pytest.mark.parametrize("text", ["", "columns: 1", "columns: {a: b}\nfoo: 1", "columns: ["])
def test_message_on_faults_is_a_sentence(text: str) -> None:
    with pytest.raises(DetectionError) as caught:
        parse_column_map(text, "m.yaml")
    assert caught.value.message.endswith(".")
    assert caught.value.message.startswith("m.yaml:1:1: ") or ":1:" in caught.value.message
