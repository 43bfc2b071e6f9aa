"""Decisions on the transactions of a load test, read from the table."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from functions.common.domain.decision import Decision
from functions.common.domain.transaction import Transaction

# At most this number of transactions is read. If all of 10 000 are decided, fewer than 3 in 10 000 of all
# transactions are not, with a confidence of 95 % (the rule of three).
SAMPLE_SIZE = 10_000
# Lambda retries a failed event one minute and two minutes later.
PATIENCE_SECONDS = 150.0
POLL_SECONDS = 1.0

ReadDecisions = Callable[[Sequence[Transaction]], Mapping[str, Decision]]
"""Returns the decisions that exist by transaction id."""


class Sample:
    """A uniform random sample of a stream of transactions: all of them, up to `size`."""

    def __init__(self, size: int = SAMPLE_SIZE, seed: int = 1) -> None:
        self.transactions: list[Transaction] = []
        self.seen = 0
        self._size = size
        self._generator = random.Random(seed)  # noqa: S311  # not a secret

    def add(self, transaction: Transaction) -> None:
        """Offer a transaction to the sample (reservoir sampling)."""
        self.seen += 1
        if len(self.transactions) < self._size:
            self.transactions.append(transaction)
            return
        place = self._generator.randrange(self.seen)
        if place < self._size:
            self.transactions[place] = transaction


@dataclass
class DecisionStatistics:
    """The decisions on a sample. Latencies are in seconds, from the receipt by the API to the decision."""

    stored: int
    sampled: int
    latencies: list[float] = field(default_factory=list)

    @property
    def decided(self) -> int:
        return len(self.latencies)

    @property
    def undecided(self) -> int:
        return self.sampled - self.decided

    @property
    def is_complete(self) -> bool:
        """Whether every stored transaction was read."""
        return self.sampled == self.stored


@dataclass
class DecisionWait:
    """Reads decisions until every transaction has one, or no further one is made for PATIENCE_SECONDS.

    `wait` sleeps; `clock` returns seconds; `progress` gets the number of decisions.
    """

    read: ReadDecisions
    wait: Callable[[float], object]
    clock: Callable[[], float]
    progress: Callable[[int], None]

    def run(self, sample: Sample, statistics: DecisionStatistics, *, once: bool = False) -> None:
        """Add the latencies to `statistics`, which is valid after Ctrl-C, too. `once` does not wait."""
        pending = {row.transaction_id: row for row in sample.transactions}
        deadline = self.clock() + PATIENCE_SECONDS
        while pending:
            decisions = self.read(list(pending.values()))
            for transaction_id, decision in decisions.items():
                del pending[transaction_id]
                statistics.latencies.append(decision.latency_ms / 1000)
            if decisions:
                deadline = self.clock() + PATIENCE_SECONDS
                self.progress(statistics.decided)
            elif self.clock() >= deadline:
                return
            if once:
                return
            if pending:
                self.wait(POLL_SECONDS)
