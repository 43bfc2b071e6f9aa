"""Consecutive rows of a table as columns of text."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow
from numpy.typing import NDArray

_UNNAMED = "Unnamed: "


class MalformedRow(NamedTuple):
    """A row that is not valid, its number in the file, and the reason."""

    number: int
    cells: list[str]
    reason: str


@dataclass(frozen=True)
class TableBatch:
    """Consecutive rows. `columns` has a string array without nulls for each requested column.

    `numbers`: the first line of each row in a text file, from 1, or the row in a Parquet file, from 1.
    """

    columns: dict[str, pyarrow.StringArray]
    numbers: NDArray[np.int64]
    malformed: tuple[MalformedRow, ...] = ()

    def records(self) -> Iterator[tuple[int, dict[str, str]]]:
        """The number and the cells of each row, by column. A missing value is an empty cell."""
        names = list(self.columns)
        cells = zip(*(column.to_pylist() for column in self.columns.values()), strict=True)
        for number, row in zip(self.numbers.tolist(), cells, strict=True):
            yield number, dict(zip(names, row, strict=True))


def name_columns(header: Iterable[str]) -> tuple[str, ...]:
    """The names of a header. A repeated name gets a number and an empty one its position, as in pandas."""
    names: list[str] = []
    counts: Counter[str] = Counter()
    for index, name in enumerate(header):
        unique = name or f"{_UNNAMED}{index}"
        counts[unique] += 1
        names.append(unique if counts[unique] == 1 else f"{unique}.{counts[unique] - 1}")
    return tuple(names)
