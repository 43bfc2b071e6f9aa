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
    try:
        # A device or a pipe would be replaced, too.
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "not a regular file"
            raise DetectionError(f"Cannot write {path}: it is {kind}.", "Specify a file.")
        # Some writers choose the format by the suffix.
        temporary = path.with_name(f".{path.stem}.{uuid4().hex}{path.suffix}")
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
