"""Writes a file whole or not at all: what is there under its name is never half of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from detection.errors import DetectionError


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to, which takes its name at the end, or is gone after an error or Ctrl-C.

    Raises DetectionError at once where it cannot be written.
    """
    if path.is_dir():
        raise DetectionError(f"Cannot write {path}: it is a folder.")
    # With the suffix of the whole, by which some tell the format.
    temporary = path.with_name(f".{path.stem}.{uuid4().hex}{path.suffix}")
    try:
        temporary.touch(exist_ok=False)
    except OSError as error:
        raise DetectionError(f"Cannot write {path}: {error.strerror}.") from error
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
