"""The options of tasks that post tables: the map of the columns, and the zone and unit of times."""

from collections.abc import Collection

from cli.models.datasets import parse_unit, user_errors
from detection.data.column_map import LABEL, REQUIRED, check_timezone
from detection.data.maps.map_reader import read_column_map
from operations.ingest.tables.rows import TableOptions
from terminal.errors import UserError

LABEL_FIELDS = ("transaction_id", LABEL)
"""The fields that a map for labels needs."""


def read_table_options(
    columns: str,
    timezone: str,
    unit: str,
    *,
    required: Collection[str] = REQUIRED,
    additional: Collection[str] = (),
    posts_genuine: bool = False,
) -> TableOptions:
    """Read the options. The map needs the `required` fields and may have `additional` ones.

    Raises UserError.
    """
    if timezone and not check_timezone(timezone):
        raise UserError(f"--timezone: '{timezone}' is unknown.", "Use a name such as UTC or Europe/Berlin.")
    with user_errors():
        column_map = read_column_map(columns, required, additional) if columns else None
    return TableOptions(column_map, timezone, parse_unit(unit), posts_genuine)
