"""Puts the events of undecided transactions on the bus again, and waits until they are decided.

In rounds: the next one starts when the one before is decided, so that a backlog does not flood the functions,
and memory has a bound.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from functions.common.domain.transaction_event import UnreadableTransactionError
from operations.repair.bus import Bus, Entry, transaction_entry
from operations.repair.undecided import Item, TransactionTable

# As many as BatchGetItem takes, ten times.
ROUND = 1000
_LOOK = 100
POLL_SECONDS = 0.5
# Without any decision for so long, something is broken: Lambda retries after one and after two minutes.
PATIENCE_SECONDS = 240.0


@dataclass
class ReplayResult:
    """Numbers of transactions; `failed` has errors and `waiting` the ids of those undecided, by id.

    `not_sent`: replay stopped, because nothing of a round was decided.
    """

    found: int = 0
    decided: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    stopped: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether everything that was found is decided."""
        return not (self.failed or self.waiting or self.stopped)


class Replay:
    """`clock` gives seconds, `sleep` waits; `progress` gets the result after each look."""

    def __init__(
        self,
        table: TransactionTable,
        bus: Bus,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        progress: Callable[[ReplayResult], None] = lambda _: None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._table = table
        self._bus = bus
        self._clock = clock
        self._sleep = sleep
        self._progress = progress
        self._patience_seconds = patience_seconds
        self.result = ReplayResult()

    def run(self, items: Iterable[Item]) -> ReplayResult:
        """Decide the items. The result is current after Ctrl-C, too. Raises UserError."""
        remaining = iter(items)
        while batch := list(islice(remaining, ROUND)):
            self.result.found += len(batch)
            decided_before = self.result.decided
            sent = self._announce(batch)
            self._wait(sent)
            if sent and self.result.decided == decided_before:
                # Whatever comes next would only wait, too.
                self.result.stopped = next(remaining, None) is not None
                break
        return self.result

    def _announce(self, items: list[Item]) -> list[Item]:
        """Put the readable ones on the bus; returns those that it took."""
        entries: list[Entry] = []
        readable: list[Item] = []
        for item in items:
            try:
                entries.append(transaction_entry(item))
            except UnreadableTransactionError as error:
                self.result.failed[_id(item)] = f"unreadable: {error}"
            else:
                readable.append(item)
        sent = []
        for item, refused in zip(readable, self._bus.put(entries), strict=True):
            if refused:
                self.result.failed[_id(item)] = refused
            else:
                sent.append(item)
        return sent

    def _wait(self, items: list[Item]) -> None:
        """Wait until all are decided, or until nothing was decided for the whole patience."""
        waiting = {_id(item): item for item in items}
        earlier = self.result.waiting
        self.result.waiting = [*earlier, *waiting]
        deadline = self._clock() + self._patience_seconds
        while waiting:
            decided = {name for batch in _hundreds(waiting.values()) for name in self._table.decided(batch)}
            if decided:
                deadline = self._clock() + self._patience_seconds
                self.result.decided += len(decided)
                waiting = {name: item for name, item in waiting.items() if name not in decided}
                self.result.waiting = [*earlier, *waiting]
            self._progress(self.result)
            if self._clock() >= deadline:
                return
            if waiting:
                self._sleep(POLL_SECONDS)


def _hundreds(items: Iterable[Item]) -> Iterator[list[Item]]:
    remaining = iter(items)
    while batch := list(islice(remaining, _LOOK)):
        yield batch


def _id(item: Item) -> str:
    return str(item["transaction_id"]["S"])
