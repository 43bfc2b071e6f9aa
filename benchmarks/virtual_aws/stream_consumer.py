"""A function that consumes the records of a table's stream in batches, in virtual time.

The function receives the records that the filters of its mapping accept: new items and new devices.

Items go to shards by their key, as partitions do. Lambda processes the batches of a shard in turn, and
repeats a batch until the function accepts it.
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
"""

import zlib
from collections import Counter
from collections.abc import Callable
from typing import Any

from benchmarks.virtual_aws.expressions import Item
from benchmarks.virtual_aws.virtual_time import VirtualTime

BATCH_SIZE = 10_000
RETRY_SECONDS = 1.0
BATCHES, REPEATED_BATCHES = "batches of the stream", "repeated batches of the stream"


class StreamConsumer:
    """`handle` is the function. `window_seconds`: the time in which a batch is gathered."""

    def __init__(
        self,
        time: VirtualTime,
        handle: Callable[[dict[str, Any]], object],
        *,
        shards: int,
        window_seconds: float,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._time = time
        self._handle = handle
        self._window_seconds = window_seconds
        self._waiting: list[list[Item]] = [[] for _ in range(shards)]
        self._busy = [False] * shards
        self._sequence = 0

    def observe(self, before: Item | None, after: Item | None) -> None:
        """The listener of the table's writes."""
        if after is None or (before is not None and ("new_device" in before or "new_device" not in after)):
            return
        shard = zlib.crc32(after["transaction_id"]["S"].encode()) % len(self._waiting)
        self._sequence += 1
        record = {
            "eventName": "INSERT" if before is None else "MODIFY",
            "dynamodb": {"SequenceNumber": str(self._sequence), "NewImage": after},
        }
        self._waiting[shard].append(record)
        if len(self._waiting[shard]) == 1 and not self._busy[shard]:
            self._gather(shard)

    def _gather(self, shard: int) -> None:
        self._busy[shard] = True
        self._time.call_later(self._window_seconds, lambda: self._time.start(lambda: self._deliver(shard)))

    def _deliver(self, shard: int) -> None:
        batch, self._waiting[shard] = self._waiting[shard][:BATCH_SIZE], self._waiting[shard][BATCH_SIZE:]
        event = {"shardId": f"shard-{shard}", "Records": batch}
        self.counts[BATCHES] += 1
        while not self._is_accepted(event):
            self.counts[REPEATED_BATCHES] += 1
            self._time.sleep(RETRY_SECONDS)
        self._busy[shard] = False
        if self._waiting[shard]:
            self._gather(shard)

    def _is_accepted(self, event: dict[str, Any]) -> bool:
        try:
            self._handle(event)
        except Exception:
            return False
        return True
