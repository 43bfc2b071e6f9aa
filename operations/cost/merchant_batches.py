"""The batches in which the function `merchants` counts transactions: their number, and what each writes."""

import math
from dataclasses import dataclass
from functools import cached_property

from operations.cost import assumptions

_SECONDS_PER_DAY = 86_400
# Lambda ends a batch at this size.
_BATCH_BYTES = 6 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class MerchantBatches:
    """`shards`: open shards of the stream. `record_bytes`: the size of a transaction's record."""

    per_day: int
    window_seconds: float
    max_records: int
    shards: int
    record_bytes: int

    @property
    def transactions(self) -> float:
        """The transactions in a batch. A batch has at least the one that began its window."""
        gathered = self.per_day / _SECONDS_PER_DAY * self.window_seconds / self.shards
        return max(min(gathered, self.max_records, _BATCH_BYTES // self.record_bytes), 1)

    @property
    def batches_per_transaction(self) -> float:
        return 1 / self.transactions

    @cached_property
    def merchants_per_transaction(self) -> float:
        """The merchants that are read and written for each transaction, and at most for its new device."""
        return self._count_per_transaction(assumptions.MERCHANTS) * (1 + assumptions.NEW_DEVICE_SHARE.value)

    @cached_property
    def categories_per_transaction(self) -> float:
        """The merchant categories that are read and written for each transaction."""
        return self._count_per_transaction(assumptions.CATEGORIES)

    def _count_per_transaction(self, total: assumptions.Assumption) -> float:
        exponent = assumptions.MERCHANT_EXPONENT.value
        return count_distinct(self.transactions, int(total.value), exponent) / self.transactions


def count_distinct(draws: float, size: int, exponent: float) -> float:
    """The expected number of different values in `draws` from a Zipf distribution of `size` values."""
    weights = [math.pow(rank, -exponent) for rank in range(1, size + 1)]
    total = sum(weights)
    return sum(1 - math.pow(1 - weight / total, draws) for weight in weights)
