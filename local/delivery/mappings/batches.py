"""Gathers the records of a stream into batches, and assigns records to tumbling windows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from local.delivery.mappings.settings import MappingSettings
from local.delivery.streams.records import StreamRecord, created_at

# Lambda's limit on the payload of an invocation.
MAXIMUM_BYTES = 6 * 1024 * 1024
# A record that is written at the end of a tumbling window is read after it: the times of records are whole
# seconds.
LATE_RECORD_SECONDS = 1.0


@dataclass(frozen=True)
class TumblingWindow:
    """An open window: epoch seconds of its start and end, and the state that the function returned last."""

    start: int
    end: int
    state: Any = field(default_factory=dict)

    @classmethod
    def from_record(cls, record: StreamRecord, seconds: int) -> "TumblingWindow":
        """The window of a record, without a state."""
        start = int(created_at(record) // seconds) * seconds
        return cls(start, start + seconds)

    @property
    def closes_at(self) -> float:
        """Epoch seconds after which no record of the window is expected."""
        return self.end + LATE_RECORD_SECONDS

    def contains(self, record: StreamRecord) -> bool:
        return self.start <= created_at(record) < self.end


class BatchBuffer:
    """Records that were read and not delivered, in the order of the stream."""

    def __init__(self, settings: MappingSettings) -> None:
        self._settings = settings
        self._records: list[StreamRecord] = []
        self._bytes: list[int] = []
        self._opened_at = 0.0

    def __len__(self) -> int:
        return len(self._records)

    def room(self) -> int:
        """The number of records that can be added before a batch is full."""
        return self._settings.batch_size - len(self._records) if sum(self._bytes) < MAXIMUM_BYTES else 0

    def add(self, records: Sequence[StreamRecord], now: float) -> None:
        if not self._records:
            self._opened_at = now
        self._records += records
        self._bytes += [len(json.dumps(record)) for record in records]

    def next_batch(self) -> list[StreamRecord]:
        """The first records, as many as fit into one batch: one tumbling window and Lambda's payload."""
        batch: list[StreamRecord] = []
        total = 0
        window = self._window()
        for record, size in zip(self._records, self._bytes, strict=True):
            total += size
            if batch and (total > MAXIMUM_BYTES or (window and not window.contains(record))):
                break
            batch.append(record)
        return batch

    def due_at(self, batch: Sequence[StreamRecord]) -> float:
        """Epoch seconds at which the batch is delivered; 0 if it is complete."""
        if len(batch) < len(self._records) or self.room() <= 0:
            return 0.0
        window = self._window()
        due_at = self._opened_at + self._settings.batching_window_seconds
        return min(due_at, window.closes_at) if window else due_at

    def remove(self, batch: Sequence[StreamRecord], now: float) -> None:
        """Remove a batch that was delivered. The batching window of the remaining records begins."""
        del self._records[: len(batch)]
        del self._bytes[: len(batch)]
        self._opened_at = now

    def _window(self) -> TumblingWindow | None:
        seconds = self._settings.tumbling_window_seconds
        return TumblingWindow.from_record(self._records[0], seconds) if seconds and self._records else None
