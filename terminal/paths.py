"""Facts about paths that a user names, without errors.

`Path.exists` and similar methods raise an error for a folder without permission or a name that is too long.
The reader or writer of the file reports such an error.
"""

from pathlib import Path


def file_size(path: Path) -> int:
    """The size in bytes, 0 if it cannot be found out."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def is_same_file(path: Path, other: Path) -> bool:
    """Whether both paths name the same file, which need not exist."""
    try:
        return path.samefile(other)
    except OSError:
        return path.absolute() == other.absolute()
