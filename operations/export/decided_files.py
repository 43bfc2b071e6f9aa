"""Writes rows to one Parquet file a day, in order of time, and all files or none."""

import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pyarrow
from pyarrow import ipc, parquet

from detection.data.dates import format_day
from detection.training.decided_schema import day_file
from functions.common.domain.time_buckets import DAY_MS
from operations.export.decided_transactions import Row
from terminal.errors import UserError

# Rows wait in memory until there are this many, of all days together.
_BUFFER_ROWS = 1 << 16
_ROW_GROUP_ROWS = 1 << 16
# Rows with equal times are in the same order in every export.
_ORDER = [(name, "ascending") for name in ("timestamp", "account", "merchant", "amount")]


class DayFiles:
    """Rows by day: first in an unsorted file for each day, at the end sorted. A day must fit in memory."""

    def __init__(self, folder: Path, schema: pyarrow.Schema) -> None:
        self._folder = folder
        self._schema = schema
        self._buffers: defaultdict[int, list[Row]] = defaultdict(list)
        self._writers: dict[int, ipc.RecordBatchStreamWriter] = {}

    def write(self, rows: Iterable[Row]) -> int:
        """Write all files. Returns the number of rows."""
        count = 0
        try:
            for count, row in enumerate(rows, start=1):
                self._buffers[row[0] // DAY_MS].append(row)
                if not count % _BUFFER_ROWS:
                    self._flush()
            self._flush()
        finally:
            for writer in self._writers.values():
                writer.close()
        for day in sorted(self._writers):
            self._sort(day)
        return count

    def _flush(self) -> None:
        for day, rows in self._buffers.items():
            if day not in self._writers:
                self._writers[day] = ipc.new_stream(self._unsorted_file(day), self._schema)
            columns = zip(*rows, strict=True)
            arrays = [
                pyarrow.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)
            ]
            self._writers[day].write_batch(pyarrow.record_batch(arrays, schema=self._schema))
        self._buffers.clear()

    def _sort(self, day: int) -> None:
        unsorted, target = self._unsorted_file(day), day_file(self._folder, format_day(day))
        with ipc.open_stream(unsorted) as stream:
            table = stream.read_all().sort_by(_ORDER)
        target.parent.mkdir()
        parquet.write_table(table, target, compression="zstd", row_group_size=_ROW_GROUP_ROWS)
        unsorted.unlink()

    def _unsorted_file(self, day: int) -> Path:
        return self._folder / f"{day}.unsorted"


def check_new_folder(option: str, folder: Path) -> None:
    """Raise UserError unless `folder` does not exist and can be created."""
    if folder.exists():
        raise UserError(f"{option}: {folder} exists.", "Use a new folder, or delete this one.")
    if not folder.absolute().parent.is_dir():
        raise UserError(
            f"{option}: the folder {folder.absolute().parent} does not exist.",
            "Create it, or use another one.",
        )


@contextmanager
def create_folder_atomically(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `folder`, which becomes `folder` at the end.

    An error or Ctrl-C deletes it. Raises UserError if it cannot be created.
    """
    temporary = folder.absolute().with_name(f".{folder.absolute().name}.{uuid4().hex}")
    try:
        # Only the caller may read the files: decisions are personal data.
        temporary.mkdir(mode=0o700)
    except OSError as error:
        raise UserError(f"Cannot write {folder}: {error.strerror}.", "Use a writable folder.") from error
    try:
        yield temporary
        temporary.rename(folder.absolute())
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
