"""The positions up to which the records of each shard of the stream are counted.

Lambda delivers each record at least once, and in the order of the shard the first time. A record at or before
the position of its shard is therefore already counted.

A merchant's item has the positions of the shards from which it was counted lately. One item for all merchants
has the positions of complete batches, so that a merchant's item need not keep its own for long.
"""

import hashlib
from struct import Struct

from functions.common.domain.time_buckets import HOUR_MS

_FORMAT = 1
# The hash of the shard's ID, the hour and the length of the sequence number, which follows.
_HEADER = Struct(">6sHB")
# A stream retains a record for 24 hours. After that, Lambda cannot deliver it again.
RETENTION_HOURS = 26
# A position is kept for at least an hour after its batch is complete: a second delivery of the batch may be
# running that began before, for at most the timeout of the function.
_COMPLETE_HOURS = 2
# The hour is stored modulo this number.
_HOURS = 2**16


class ShardPositions:
    """The positions in the attribute `counted` of an item.

    A position is the sequence number of the last counted record, and the hour when it was counted. Compact,
    because DynamoDB replaces each shard about every four hours.
    """

    def __init__(self, attribute: bytes | None = None) -> None:
        """Raises ValueError if the attribute has a format of newer code."""
        self._positions: dict[bytes, tuple[int, int]] = {}
        if attribute is None:
            return
        if attribute[0] != _FORMAT:
            raise ValueError(f"format {attribute[0]} of positions is newer than the supported format")
        offset = 1
        while offset < len(attribute):
            shard, hour, length = _HEADER.unpack_from(attribute, offset)
            begin = offset + _HEADER.size
            offset = begin + length
            self._positions[shard] = hour, int.from_bytes(attribute[begin:offset], "big")

    def find(self, shard: str) -> int:
        """The sequence number of the last counted record of the shard, or 0."""
        return self._find(_hash_shard(shard))

    def advance(self, shard: str, sequence: int, now_ms: int) -> None:
        """Move the position of the shard forward."""
        key = _hash_shard(shard)
        self._positions[key] = now_ms // HOUR_MS % _HOURS, max(sequence, self._find(key))

    def prune(self, complete: "ShardPositions", now_ms: int) -> None:
        """Remove the positions that are not needed any more. `complete`: those of complete batches."""
        now = now_ms // HOUR_MS
        for key, (hour, sequence) in list(self._positions.items()):
            age = (now - hour) % _HOURS
            if age > _HOURS // 2:
                # The clock of the process that counted is ahead of this one.
                age = 0
            is_complete = sequence <= complete._find(key)
            if age > RETENTION_HOURS or (age >= _COMPLETE_HOURS and is_complete):
                del self._positions[key]

    def encode(self) -> bytes:
        """The value of the attribute."""
        parts = [bytes([_FORMAT])]
        for shard, (hour, sequence) in self._positions.items():
            size = -(-sequence.bit_length() // 8)
            parts += (_HEADER.pack(shard, hour, size), sequence.to_bytes(size, "big"))
        return b"".join(parts)

    def _find(self, key: bytes) -> int:
        _, sequence = self._positions.get(key, (0, 0))
        return sequence


def _hash_shard(shard: str) -> bytes:
    return hashlib.blake2s(shard.encode(), digest_size=6).digest()
