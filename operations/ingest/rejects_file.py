"""Keeps what was refused: a file to correct and send again, and beside it a file of the reasons.

The lines are exactly as they came, so what nobody corrects is not altered on the way.
"""

import json
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from operations.ingest.input_file import Record
from operations.ingest.responses import Verdict
from terminal.errors import UserError

REASONS_SUFFIX = ".reasons.jsonl"


class Rejects:
    """Writes to `path` and to `path` + `.reasons.jsonl`; neither is left behind if nothing was refused.

    A reason is {"line", "input_line", "outcome", "status", "reason"}: lines of `path` and of what was sent.
    """

    def __init__(self, path: Path, header: bytes) -> None:
        self.path = path
        self.reasons_path = path.with_name(path.name + REASONS_SUFFIX)
        self._header = header
        self._lines = 0

    def __enter__(self) -> Self:
        # Opened before anything is sent: a folder that cannot be written to is found in time.
        try:
            self._file: BinaryIO = self.path.open("wb")
            self._reasons: BinaryIO = self.reasons_path.open("wb")
        except OSError as error:
            raise UserError(f"Cannot write {error.filename}: {error.strerror}.") from error
        return self

    def add(self, record: Record, verdict: Verdict) -> None:
        """Keep one refused record and why."""
        if self._lines == 0:
            self._write(self._header)
        reason = {
            "line": self._lines + 1,
            "input_line": record.line,
            "outcome": verdict.outcome.value,
            "status": verdict.status or None,
            "reason": verdict.reason,
        }
        self._write(record.raw)
        self._reasons.write(json.dumps(reason).encode() + b"\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._reasons.close()
        if self._lines == 0:
            for path in (self.path, self.reasons_path):
                if path.is_file():
                    path.unlink()

    def _write(self, text: bytes) -> None:
        self._file.write(text)
        self._lines += text.count(b"\n")
