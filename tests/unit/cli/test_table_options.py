from pathlib import Path

import pytest

from cli.table_options import LABEL_FIELDS, read_table_options
from operations.ingest.tables.rows import TableOptions
from terminal.errors import UserError


def test_options_that_are_not_given_are_empty() -> None:
    assert read_table_options("", "", "") == TableOptions()


def test_options_are_read() -> None:
    options = read_table_options("paysim", "Europe/Berlin", "us")
    assert options.columns is not None
    assert (options.columns.name, options.timezone, options.unit) == ("paysim", "Europe/Berlin", "us")


@pytest.mark.parametrize(
    ("columns", "timezone", "unit", "named"),
    [("nowhere.yaml", "", "", "--columns"), ("", "Berlin", "", "--timezone"), ("", "", "h", "--unit")],
)
def test_invalid_option_is_named(columns: str, timezone: str, unit: str, named: str) -> None:
    with pytest.raises(UserError) as raised:
        read_table_options(columns, timezone, unit)
    assert raised.value.message.startswith(f"{named}: ")


def test_map_for_labels_needs_fewer_fields(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text("columns: {transaction_id: Ref, is_fraud: {constant: fraud}}")
    with pytest.raises(UserError):
        read_table_options(str(path), "", "")
    options = read_table_options(str(path), "", "", required=LABEL_FIELDS, posts_genuine=True)
    assert options.columns is not None
    assert options.posts_genuine
