"""Tables in files: delimited text or Parquet, plain, in gzip or in a zip file, as batches of text columns.

    table = open_table(Path("past.csv.gz"))
    print(table.column_names, table.facts)
    for batch in table.batches():
        for number, cells in batch.records():  # the line or row in the file, and the cells by column
            ...
        for row in batch.malformed:            # rows that do not have the columns of the header
            ...

A table is read in constant memory, repeatedly, but by one reader at a time. pyarrow reads the files.
"""

import zlib
from collections.abc import Collection
from pathlib import Path

from detection.data.tables.parquet_table import ParquetTable
from detection.data.tables.table_batch import MalformedRow, TableBatch
from detection.data.tables.text_format import UNDECLARED, TextFormat
from detection.data.tables.text_table import TextTable
from detection.errors import DatasetError, EmptyDatasetError

__all__ = [
    "MalformedRow",
    "ParquetTable",
    "Table",
    "TableBatch",
    "TextTable",
    "open_table",
    "read_first_batch",
]

_PARQUET = b"PAR1"

Table = TextTable | ParquetTable


def open_table(path: Path, declared: TextFormat = UNDECLARED, known_columns: Collection[str] = ()) -> Table:
    """Open the file in the format of its first bytes.

    `declared`: the declared parts of a text format. `known_columns` help to detect the delimiter.
    Raises DatasetError.
    """
    try:
        if str(path) == "-" or path.is_fifo():
            hint = "Save the data in a file, which is read more than once."
            raise DatasetError(f"Cannot read {path}: it is a pipe.", hint)
        with path.open("rb") as stream:
            beginning = stream.read(len(_PARQUET))
    except IsADirectoryError as error:
        hint = "Name a file. Only train reads the folder of invoke export."
        raise DatasetError(f"Cannot read {path}: it is a folder.", hint) from error
    except OSError as error:
        raise DatasetError(f"Cannot read {path}: {error.strerror}.", "Check the path.") from error
    if beginning == _PARQUET:
        return ParquetTable(path)
    try:
        return TextTable(path, declared, known_columns)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"Cannot read {path}: {str(error).rstrip('.')}.", "Copy it again.") from error


def read_first_batch(table: Table, columns: Collection[str] | None = None) -> TableBatch:
    """The first rows, with these columns or all. Raises DatasetError if there are none."""
    malformed = None
    for batch in table.batches(columns):
        if len(batch.numbers):
            return batch
        malformed = malformed or next(iter(batch.malformed), None)
    if malformed is None:
        raise EmptyDatasetError(
            f"{table.path}: the file has a header but no transactions.", "Add transactions."
        )
    is_index = len(malformed.cells) == len(table.header_names) + 1
    raise DatasetError(
        f"{table.path}: {table.unit} {malformed.number}: {malformed.reason}.",
        "If the first column has no name, as R writes it, begin the header with one."
        if is_index
        else "Correct or remove such rows.",
    )
