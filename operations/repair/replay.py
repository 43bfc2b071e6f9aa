"""Puts the events of undecided transactions on the bus again and waits for the decisions.

A round starts when the previous one is decided, which limits memory and the load on functions.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice

from functions.common.domain.transaction_event import UnreadableTransactionError
from operations.batches import split_batches
from operations.repair.bus import Bus, Entry, build_transaction_entry
from operations.repair.transaction_reader import Item, TransactionReader

ROUND_SIZE = 1000
# The limit of BatchGetItem.
_MAX_KEYS = 100
POLL_SECONDS = 0.5
# Lambda retries after one and after two minutes. Without a decision for longer, the pipeline is broken.
PATIENCE_SECONDS = 240.0


@dataclass
class ReplayResult:
    """Counts of found and decided transactions, errors by id, and the ids that still wait for a decision.

    `stopped` is true if replay ended early because no transaction of a round was decided.
    """

    total: int = 0
    decided: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    stopped: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether every transaction that was found is decided."""
        return not (self.failed or self.waiting or self.stopped)


@dataclass
class Replay:
    """Replays transactions. `clock` returns seconds; `progress` gets the result after each poll."""

    reader: TransactionReader
    bus: Bus
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    progress: Callable[[ReplayResult], None] = lambda _: None
    patience_seconds: float = PATIENCE_SECONDS
    result: ReplayResult = field(default_factory=ReplayResult, init=False)

    def run(self, items: Iterable[Item]) -> ReplayResult:
        """Replay the items. After Ctrl-C, `result` is up to date. Raises UserError."""
        remaining = iter(items)
        while batch := list(islice(remaining, ROUND_SIZE)):
            self.result.total += len(batch)
            decided_before = self.result.decided
            announced = self._announce(batch)
            self._wait(announced)
            if announced and self.result.decided == decided_before:
                # Further transactions would not be decided either.
                self.result.stopped = next(remaining, None) is not None
                break
        return self.result

    def _announce(self, items: list[Item]) -> list[Item]:
        """Put the events of the readable items on the bus; returns the items that it took."""
        entries: list[Entry] = []
        readable: list[Item] = []
        for item in items:
            try:
                entries.append(build_transaction_entry(item))
            except UnreadableTransactionError as error:
                self.result.failed[_read_id(item)] = f"unreadable: {error}"
            else:
                readable.append(item)
        announced = []
        for item, refused in zip(readable, self.bus.put(entries), strict=True):
            if refused:
                self.result.failed[_read_id(item)] = refused
            else:
                announced.append(item)
        return announced

    def _wait(self, items: list[Item]) -> None:
        """Wait until all items are decided, or until none was decided for `patience_seconds`."""
        waiting = {_read_id(item): item for item in items}
        earlier = self.result.waiting
        self.result.waiting = [*earlier, *waiting]
        deadline = self.clock() + self.patience_seconds
        while waiting:
            decided = {
                name
                for batch in split_batches(waiting.values(), _MAX_KEYS)
                for name in self.reader.read_decided_ids(batch)
            }
            if decided:
                deadline = self.clock() + self.patience_seconds
                self.result.decided += len(decided)
                waiting = {name: item for name, item in waiting.items() if name not in decided}
                self.result.waiting = [*earlier, *waiting]
            self.progress(self.result)
            if self.clock() >= deadline:
                return
            if waiting:
                self.sleep(POLL_SECONDS)


def _read_id(item: Item) -> str:
    return str(item["transaction_id"]["S"])
