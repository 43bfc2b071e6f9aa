"""Search for duplicate ids in bounded memory.

Temporary files hold a 64-bit hash and the row of each id, partitioned by the last bits of the hash so that
each file is small enough to sort. Two rows with the same hash are a candidate pair. The caller compares their
ids.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

_PARTS = 256
_BUFFERED = 1 << 18
# One hash collision is unlikely among billions of ids; this many collisions do not happen.
_MAX_PAIRS_PER_PART = 100
_ENTRY = np.dtype([("hash", np.int64), ("row", np.int64)])


class DuplicateFinder:
    """Collects one id per row, counted from 0. The end of the context deletes the temporary files."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="fraud-ids-")
        self._hashes: list[int] = []
        self._flushed_rows = 0

    def __enter__(self) -> "DuplicateFinder":
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def add(self, row_id: str) -> None:
        """Add the id of the next row."""
        self._hashes.append(hash(row_id))
        if len(self._hashes) == _BUFFERED:
            self._flush()

    def candidate_pairs(self) -> list[tuple[int, int]]:
        """Pairs of rows that almost certainly have the same id, ordered by the later row."""
        self._flush()
        pairs = [pair for path in Path(self._folder.name).iterdir() for pair in _find_repeated_hashes(path)]
        return sorted(pairs, key=lambda pair: pair[1])

    def _flush(self) -> None:
        entries = np.empty(len(self._hashes), _ENTRY)
        entries["hash"] = self._hashes
        entries["row"] = np.arange(self._flushed_rows, self._flushed_rows + len(entries))
        self._flushed_rows += len(entries)
        self._hashes.clear()
        parts = entries["hash"] & (_PARTS - 1)
        order = np.argsort(parts, kind="stable")
        ends = np.cumsum(np.bincount(parts, minlength=_PARTS))
        for part, part_entries in enumerate(np.split(entries[order], ends[:-1])):
            if len(part_entries):
                with (Path(self._folder.name) / str(part)).open("ab") as file:
                    file.write(part_entries.tobytes())


def _find_repeated_hashes(path: Path) -> list[tuple[int, int]]:
    """Pairs of consecutive rows with the same hash: those with the earliest later rows."""
    entries: NDArray[np.void] = np.fromfile(path, _ENTRY)
    entries = entries[np.argsort(entries["hash"], kind="stable")]
    same = np.flatnonzero(entries["hash"][1:] == entries["hash"][:-1])
    earlier, later = entries["row"][same], entries["row"][same + 1]
    first = np.argsort(later)[:_MAX_PAIRS_PER_PART]
    return [(int(earlier[index]), int(later[index])) for index in first]
