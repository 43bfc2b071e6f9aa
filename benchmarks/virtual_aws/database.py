"""Tables in memory with DynamoDB's rules for conditions, transactions and the throughput of a partition key.

Rules, with their sources:

- A transaction holds its items from its start to its commit. Any other write to a held item is refused with a
  TransactionConflict. Reads return the last committed item.
  https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
- A partition key takes 1000 write units and 3000 read units a second; a write unit is 1 KB, a consistent read
  unit 4 KB. A transactional write costs two units per KB: one to prepare, one to commit.
  https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
- A write with a failed condition costs as much as a plain write.
- An eventually consistent read costs half, and may return the item before its last write. AWS only says that
  this usually lasts at most a second. Here it lasts a tenth of a second for a third of the reads, as if one
  of three replicas were late.

AWS does not document the cost of a transaction that conflicts. It costs nothing here.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from benchmarks.virtual_aws.expressions import Item, apply_update, compute_size, is_condition_met
from benchmarks.virtual_aws.throughput import Throughput

WRITE_UNITS_PER_SECOND, WRITE_UNIT_BYTES = 1000, 1024
READ_UNITS_PER_SECOND, READ_UNIT_BYTES = 3000, 4096
MAX_TRANSACTION_ITEMS = 100
CONFLICTS, FAILED_CONDITIONS = "conflicts", "failed conditions"
LATE_SECONDS, LATE_SHARE = 0.1, 1 / 3
STALE_READS = "stale reads"
THROTTLED_READS, THROTTLED_WRITES = "throttled reads", "throttled writes"
_CONFLICT, _FAILED_CONDITION = "TransactionConflict", "ConditionalCheckFailed"
_THROTTLING = "ThrottlingError"
THROTTLED = "ProvisionedThroughputExceededException"
StreamListener = Callable[[Item | None, Item | None], None]
"""Called with the item before and after each write."""


class KeySchema(NamedTuple):
    """The names of a table's key attributes. `sort` is empty if the table has none."""

    partition: str
    sort: str = ""


class ItemId(NamedTuple):
    """The key of an item, with its table."""

    table: str
    partition: str
    sort: str


class _Write(NamedTuple):
    """A write that is not applied yet."""

    kind: str
    fields: Item
    item_id: ItemId
    before: Item | None


class PreparedWrite(NamedTuple):
    """A write whose condition holds, with its result and its units."""

    item_id: ItemId
    before: Item | None
    after: Item | None
    units: int


class Database:
    """Tables by name. `clock` returns seconds; `counts` counts refused requests by reason.

    `chance` decides which eventually consistent reads are late; without it, none is.
    """

    def __init__(
        self,
        tables: Mapping[str, KeySchema],
        clock: Callable[[], float],
        chance: random.Random | None = None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._chance = chance
        self._replaced: dict[ItemId, tuple[float, Item | None]] = {}
        self._tables = tables
        self._items: dict[ItemId, Item] = {}
        self._sizes: dict[ItemId, int] = {}
        self._held: set[ItemId] = set()
        self._listeners: dict[str, list[StreamListener]] = {}
        self._writes = Throughput(WRITE_UNITS_PER_SECOND, clock)
        self._reads = Throughput(READ_UNITS_PER_SECOND, clock)

    def subscribe(self, table: str, listener: StreamListener) -> None:
        """Call `listener` after each write to the table, as the table's stream does."""
        self._listeners.setdefault(table, []).append(listener)

    def get(self, table: str, key: Item) -> Item | None:
        """The committed item. It costs no throughput."""
        return self._items.get(self._identify(table, key))

    def put(self, table: str, item: Item) -> None:
        """Store an item without conditions, at once in every replica. It costs no throughput."""
        item_id = self._identify(table, item)
        self._store(PreparedWrite(item_id, self._items.get(item_id), item, 0))
        self._replaced.pop(item_id, None)

    def read(self, table: str, key: Item, *, consistent: bool = True) -> Item | None:
        """The committed item, or an earlier one if the read is not `consistent`.

        Raises ClientError if the key is throttled.
        """
        item_id = self._identify(table, key)
        units = _count_units(self._sizes.get(item_id, 0), READ_UNIT_BYTES) * (1 if consistent else 0.5)
        if not self._reads.take(item_id[:2], units):
            self.counts[THROTTLED_READS] += 1
            raise ClientError({"Error": {"Code": THROTTLED}}, "GetItem")
        if not consistent and item_id in self._replaced and self._chance is not None:
            replaced_at, before = self._replaced[item_id]
            if self._clock() - replaced_at < LATE_SECONDS and self._chance.random() < LATE_SHARE:
                self.counts[STALE_READS] += 1
                return before
        return self._items.get(item_id)

    def write(self, kind: str, fields: Item) -> Item:
        """Perform a plain write, such as an Update. Returns its response. Raises ClientError."""
        prepared, [reason] = self._prepare([self._plan(kind, fields)], 1)
        if reason is None:
            self._store(prepared[0])
            returns_item = fields.get("ReturnValues") == "ALL_OLD" and prepared[0].before
            return {"Attributes": prepared[0].before} if returns_item else {}
        code = THROTTLED if reason["Code"] == _THROTTLING else f"{reason['Code']}Exception"
        error: Any = {"Error": {"Code": code}, "Item": reason.get("Item", {})}
        raise ClientError(error, f"{kind}Item")

    def begin(self, operations: Sequence[Mapping[str, Item]]) -> list[PreparedWrite]:
        """Check the writes of a transaction and hold their items until `commit`.

        Raises ClientError with the reasons of the cancellation.
        """
        writes = [self._plan(kind, fields) for operation in operations for kind, fields in operation.items()]
        if len(writes) > MAX_TRANSACTION_ITEMS or len({write.item_id for write in writes}) < len(writes):
            raise ClientError({"Error": {"Code": "ValidationException"}}, "TransactWriteItems")
        prepared, reasons = self._prepare(writes, 2)
        if any(reasons):
            error: Any = {
                "Error": {"Code": "TransactionCanceledException"},
                "CancellationReasons": [reason or {"Code": "None"} for reason in reasons],
            }
            raise ClientError(error, "TransactWriteItems")
        self._held.update(write.item_id for write in writes)
        return prepared

    def commit(self, writes: Sequence[PreparedWrite]) -> None:
        """Store the items of a transaction."""
        self._held.difference_update(write.item_id for write in writes)
        for write in writes:
            if write.after is not write.before:
                self._store(write)

    def _plan(self, kind: str, fields: Item) -> _Write:
        item_id = self._identify(fields["TableName"], fields["Item"] if kind == "Put" else fields["Key"])
        return _Write(kind, fields, item_id, self._items.get(item_id))

    def _prepare(
        self, writes: Sequence[_Write], units_per_kilobyte: int
    ) -> tuple[list[PreparedWrite], list[Item | None]]:
        """Take the units of writes that can be performed, or find a reason for each that cannot."""
        reasons = [self._find_reason(write) for write in writes]
        codes = {reason["Code"] for reason in reasons if reason}
        if codes:
            self.counts[CONFLICTS] += _CONFLICT in codes
            self.counts[FAILED_CONDITIONS] += _FAILED_CONDITION in codes
            if _CONFLICT not in codes:
                for write in writes:
                    units = _count_units(self._sizes.get(write.item_id, 0), WRITE_UNIT_BYTES)
                    self._writes.take(write.item_id[:2], units)
            return [], reasons
        prepared = [self._apply(write, units_per_kilobyte) for write in writes]
        reasons = [
            None if self._writes.has(planned.item_id[:2], planned.units) else {"Code": _THROTTLING}
            for planned in prepared
        ]
        if any(reasons):
            self.counts[THROTTLED_WRITES] += 1
            return [], reasons
        for taken in prepared:
            self._writes.take(taken.item_id[:2], taken.units)
        return prepared, reasons

    def _find_reason(self, write: _Write) -> Item | None:
        """The conflict or the failed condition that refuses a write."""
        if write.item_id in self._held:
            return {"Code": _CONFLICT}
        if is_condition_met(write.fields, write.before):
            return None
        returns_item = write.fields.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        return {
            "Code": _FAILED_CONDITION,
            **({"Item": write.before} if returns_item and write.before else {}),
        }

    def _apply(self, write: _Write, units_per_kilobyte: int) -> PreparedWrite:
        match write.kind:
            case "Put":
                after = write.fields["Item"]
            case "Update":
                after = apply_update(write.fields, write.before or dict(write.fields["Key"]))
            case "Delete":
                after = None
            case "ConditionCheck":
                after = write.before
            case _:
                raise NotImplementedError(write.kind)
        size = max(self._sizes.get(write.item_id, 0), compute_size(after or {}))
        units = units_per_kilobyte * _count_units(size, WRITE_UNIT_BYTES)
        return PreparedWrite(write.item_id, write.before, after, units)

    def _store(self, write: PreparedWrite) -> None:
        if self._chance is not None:
            self._replaced[write.item_id] = self._clock(), write.before
        if write.after is None:
            self._items.pop(write.item_id, None)
            self._sizes.pop(write.item_id, None)
        else:
            self._items[write.item_id] = write.after
            self._sizes[write.item_id] = compute_size(write.after)
        for listener in self._listeners.get(write.item_id.table, ()):
            listener(write.before, write.after)

    def _identify(self, table: str, key: Item) -> ItemId:
        schema = self._tables[table]
        partition, sort = (
            next(iter(key[name].values())) if name else "" for name in (schema.partition, schema.sort)
        )
        return ItemId(table, partition, sort)


def _count_units(size: int, unit_bytes: int) -> int:
    return max(-(-size // unit_bytes), 1)
