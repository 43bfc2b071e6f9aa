"""Finds an id that comes twice among any number of ids, in bounded memory.

What is kept of an id is 64 bits and its row, in files by the last of the bits: each is small enough to be
sorted. Two rows with the same 64 bits are a suspicion only: whoever asked compares the ids themselves.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

_PARTS = 256
_BUFFERED = 1 << 18
# That two ids share 64 bits is unlikely among billions; that so many pairs do is not going to happen.
_SUSPECTED_OF_A_PART = 100
_ENTRY = np.dtype([("mark", np.int64), ("row", np.int64)])


class Duplicates:
    """Takes ids, one a row, rows counted from 0. A context, at whose end its files are gone."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="fraud-ids-")
        self._marks: list[int] = []
        self._kept = 0

    def __enter__(self) -> "Duplicates":
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def add(self, one_id: str) -> None:
        """The id of the next row."""
        self._marks.append(hash(one_id))
        if len(self._marks) == _BUFFERED:
            self._keep()

    def suspected(self) -> list[tuple[int, int]]:
        """Pairs of rows that all but surely have the same id, the earliest later row first."""
        self._keep()
        pairs = [pair for path in Path(self._folder.name).iterdir() for pair in _repeated(path)]
        return sorted(pairs, key=lambda pair: pair[1])

    def _keep(self) -> None:
        entries = np.empty(len(self._marks), _ENTRY)
        entries["mark"] = self._marks
        entries["row"] = np.arange(self._kept, self._kept + len(entries))
        self._kept += len(entries)
        self._marks.clear()
        parts = entries["mark"] & (_PARTS - 1)
        order = np.argsort(parts, kind="stable")
        ends = np.cumsum(np.bincount(parts, minlength=_PARTS))
        for part, of_part in enumerate(np.split(entries[order], ends[:-1])):
            if len(of_part):
                with (Path(self._folder.name) / str(part)).open("ab") as file:
                    file.write(of_part.tobytes())


def _repeated(path: Path) -> list[tuple[int, int]]:
    """Pairs of rows with the same mark that follow each other, those with the earliest later row."""
    entries: NDArray[np.void] = np.fromfile(path, _ENTRY)
    entries = entries[np.argsort(entries["mark"], kind="stable")]
    same = np.flatnonzero(entries["mark"][1:] == entries["mark"][:-1])
    earlier, later = entries["row"][same], entries["row"][same + 1]
    chosen = np.argsort(later)[:_SUSPECTED_OF_A_PART]
    return [(int(earlier[one]), int(later[one])) for one in chosen]
