"""The file of rows that are set aside: each row as text, with its line and the reason."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from detection.data.atomic_file import replace_atomically
from detection.data.csv_writer import CsvWriter
from detection.data.row_faults import RowFault
from functions.common.domain.card_numbers import mask_card_numbers


class RejectedRows:
    """Writes rows to a CSV file: line or row, reason, and the cells of the file, with card numbers masked."""

    def __init__(self, writer: CsvWriter) -> None:
        self._writer = writer
        self.count = 0
        self.first: RowFault | None = None

    def add(self, fault: RowFault) -> None:
        """Write one row."""
        self.first = self.first or fault
        self.count += 1
        self._writer.write((fault.number, *map(mask_card_numbers, (fault.reason, *fault.cells))))

    def add_all(self, faults: Iterable[RowFault]) -> None:
        """Write several rows."""
        for fault in faults:
            self.add(fault)


@contextmanager
def open_rejected_rows(path: Path, unit: str, column_names: Sequence[str]) -> Iterator[RejectedRows]:
    """The rejected rows of a file with these columns. The file at `path` is replaced at the end.

    `unit`: the meaning of the numbers of rows, line or row. Raises DetectionError if it is not writable.
    """
    with replace_atomically(path) as draft, draft.open("w", encoding="utf-8", newline="") as stream:
        writer = CsvWriter(stream)
        writer.write((unit, "reason", *column_names))
        yield RejectedRows(writer)
