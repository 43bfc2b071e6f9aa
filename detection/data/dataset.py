"""A file of transactions: checked as a whole, then read row by row, in the same memory however long it is."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NoReturn

from detection.data.columns import UNITS, Labelled, Shape, unit_of
from detection.data.dates import readable_time
from detection.data.duplicates import Duplicates
from detection.data.row_errors import BadRowError, Unit
from detection.data.sources import open_source
from detection.errors import DatasetError

# Rows between two calls that say how far a check is.
_TOLD_EVERY = 10_000


@dataclass(frozen=True)
class Facts:
    """What a file holds; times are epoch milliseconds."""

    transactions: int
    frauds: int
    first_ms: int
    last_ms: int


class Dataset:
    """Transactions in order of their times; the file can be read again and again, by one reader at a time.

    `unit`: in what its times are counted, else told by the first of them. `labels`: whether it must say what
    was fraud. Raises DatasetError, as the methods do: it names the file and, where there is one, the line.
    """

    def __init__(self, path: Path, *, unit: Unit | None = None, labels: bool = True) -> None:
        self.path = path
        self._source = open_source(path)
        self.size_bytes = path.stat().st_size
        self.shape = Shape(self._source.names, unit or "s", unit_was_said=unit is not None)
        self._check_names(labels=labels)
        if unit is None:
            self.shape = Shape(self._source.names, self._unit())

    @property
    def done_bytes(self) -> int:
        """About how much of the file the present reader has read."""
        return self._source.done_bytes

    def notes(self) -> list[str]:
        """What was taken for granted: a line each, to be read before a result is trusted."""
        unit = f"{self.path}: times are taken for {UNITS[self.shape.unit]} since 1970; --unit says otherwise"
        unused = f"{self.path}: columns that are not used: {', '.join(self.shape.ignored)}"
        return [*([] if self.shape.unit_was_said else [unit]), *([unused] if self.shape.ignored else [])]

    def rows(self) -> Iterator[Labelled]:
        """The transactions, in the file's order."""
        read, latest = self.shape.reader(), 0
        try:
            for cells in self._source.rows():
                labelled = read(cells)
                time = labelled.transaction.timestamp
                if time < latest:
                    self._refuse_order(time, latest)
                latest = time
                yield labelled
        except BadRowError as error:
            raise self._error(f"{self._source.place}: {error}") from error

    def check(self, progress: Callable[[int], None] = lambda _: None) -> Facts:
        """Read everything once, so that nothing is begun that a bad row would end; ids must not come twice.

        `progress` is told how many bytes have been read.
        """
        count = frauds = first_ms = last_ms = 0
        with Duplicates() as duplicates:
            for labelled in self.rows():
                duplicates.add(labelled.transaction.transaction_id)
                last_ms = labelled.transaction.timestamp
                if labelled.is_fraud:
                    frauds += 1
                if not count % _TOLD_EVERY:
                    first_ms = first_ms or last_ms
                    progress(self.done_bytes)
                count += 1
            for earlier, later in duplicates.suspected():
                self._compare(earlier, later)
        return Facts(count, frauds, first_ms, last_ms)

    def _refuse_order(self, time_ms: int, latest_ms: int) -> NoReturn:
        raise BadRowError(f"unsorted: {readable_time(time_ms)} comes after {readable_time(latest_ms)}")

    def _compare(self, earlier: int, later: int) -> None:
        """Refuse the file if the ids of these two rows, counted from 0, are the same."""
        column, found = self.shape.names.index("transaction_id"), []
        for row, cells in enumerate(islice(self._source.rows(), later + 1)):
            if row in (earlier, later):
                found.append((cells[column], self._source.place))
        (first, first_place), (second, second_place) = found
        if first == second:
            raise self._error(f"{second_place}: transaction_id '{first}' was on {first_place}, too")

    def _check_names(self, *, labels: bool) -> None:
        names = self.shape.names
        if missing := self.shape.missing(labels=labels):
            raise self._error(f"no column {', '.join(missing)}; there are {', '.join(names) or 'none'}")
        if repeated := [name for name, times in Counter(names).items() if times > 1]:
            raise self._error(f"more than one column {', '.join(repeated)}")

    def _unit(self) -> Unit:
        first = next(self._source.rows(), None)
        if first is None:
            raise self._error("no transactions, only the names of columns")
        try:
            return unit_of(dict(zip(self.shape.names, first, strict=False)).get("timestamp", ""))
        except BadRowError as error:
            raise self._error(f"{self._source.place}: {error}") from error

    def _error(self, said: str) -> DatasetError:
        return DatasetError(f"{self.path}: {said}.")
