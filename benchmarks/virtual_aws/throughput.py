"""The throughput of partition keys: units per second, with the units of one second as the burst."""

from collections.abc import Callable, Hashable


class Throughput:
    """A token bucket per partition key. `clock` returns seconds."""

    def __init__(self, units_per_second: float, clock: Callable[[], float]) -> None:
        self._units_per_second = units_per_second
        self._clock = clock
        self._buckets: dict[Hashable, tuple[float, float]] = {}

    def has(self, key: Hashable, units: float) -> bool:
        """Whether the units are available now."""
        return self._read(key) >= units

    def take(self, key: Hashable, units: float) -> bool:
        """Take the units if they are available now."""
        available = self._read(key)
        if available < units:
            return False
        self._buckets[key] = (available - units, self._clock())
        return True

    def _read(self, key: Hashable) -> float:
        units, measured_at = self._buckets.get(key, (self._units_per_second, 0.0))
        return min(units + (self._clock() - measured_at) * self._units_per_second, self._units_per_second)
