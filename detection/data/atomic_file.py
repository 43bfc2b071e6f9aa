"""Atomic replacement of a file: readers see the old content or the complete new content."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from detection.errors import DetectionError


@contextmanager
def replace_atomically(path: Path) -> Iterator[Path]:
    """Yield a temporary file in the folder of `path`. At the end, it replaces `path`.

    An error or Ctrl-C deletes the temporary file. Raises DetectionError at once if `path` is not writable.
    """
    # Some writers choose the format by the suffix.
    temporary = path.with_name(f".{path.stem}.{uuid4().hex}{path.suffix}")
    try:
        if path.is_dir():
            raise DetectionError(f"Cannot write {path}: it is a folder.", "Specify a file.")
        temporary.touch(exist_ok=False)
    except OSError as error:
        raise DetectionError(
            f"Cannot write {path}: {error.strerror}.", "Use a folder that exists and is writable."
        ) from error
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
