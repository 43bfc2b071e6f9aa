"""The file of records that were not stored, to correct and send again."""

import json
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from functions.common.domain.card_numbers import mask_card_numbers
from operations.ingest.input_file import Record
from operations.ingest.responses import PostResult
from terminal.errors import UserError

REASONS_SUFFIX = ".reasons.jsonl"


class RejectsFile:
    """Writes `path` and `path` + `.reasons.jsonl`; removes both if no record is refused.

    Records are copied byte by byte, but with '*' for the digits of a card number. A reason is {"line",
    "input_line", "outcome", "status", "reason"}, where `line` counts in `path` and `input_line` in the file
    that is sent. `encoding`: that of the records.
    """

    def __init__(self, path: Path, header: bytes, encoding: str) -> None:
        self.path = path
        self.reasons_path = path.with_name(path.name + REASONS_SUFFIX)
        self._header = header
        self._encoding = encoding
        self._lines = 0
        self._is_empty = True

    def __enter__(self) -> Self:
        # Opened before the first request, so that a folder without write permission fails early.
        try:
            self._file: BinaryIO = self.path.open("wb")
            self._reasons: BinaryIO = self.reasons_path.open("wb")
        except OSError as error:
            raise UserError(
                f"--rejects: {error.filename} cannot be written: {error.strerror}.",
                "Name a file in an existing folder that you can write to.",
            ) from error
        return self

    def add(self, record: Record, result: PostResult) -> None:
        """Write a refused record and the reason."""
        if self._is_empty:
            self._write(self._header)
            self._is_empty = False
        reason = {
            "line": self._lines + 1,
            "input_line": record.line,
            "outcome": result.outcome.value,
            "status": result.http_status or None,
            "reason": mask_card_numbers(result.reason),
        }
        self._write(self._mask(record.raw))
        self._reasons.write(json.dumps(reason).encode() + b"\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._reasons.close()
        if self._is_empty:
            for path in (self.path, self.reasons_path):
                if path.is_file():
                    path.unlink()

    def _mask(self, raw: bytes) -> bytes:
        text = raw.decode(self._encoding, "surrogateescape")
        # Digits in two cells are not one number.
        masked = "\t".join(map(mask_card_numbers, text.split("\t")))
        return raw if masked == text else masked.encode(self._encoding, "surrogateescape")

    def _write(self, text: bytes) -> None:
        self._file.write(text)
        # The lines of some files end with a carriage return only.
        self._lines += text.count(b"\n") or text.count(b"\r")
