"""The sample of stored transactions, and the wait for their decisions."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from functions.common.domain.decision import Decision
from functions.common.domain.transaction import Transaction
from operations.load.decisions import (
    PATIENCE_SECONDS,
    DecisionStatistics,
    DecisionWait,
    ReadDecisions,
    Sample,
)


def transaction(number: int) -> Transaction:
    return Transaction(
        transaction_id=f"t{number}", account_id="a", merchant_id="m", amount=Decimal(1), currency="USD",
        timestamp=1,
    )  # fmt: skip


def decision(latency_ms: int) -> Decision:
    return Decision(
        score=0, suspicious=False, decided_by="rules", rules_score=0, rules="r", features_version=1,
        features=(), decided_at=0, latency_ms=latency_ms,
    )  # fmt: skip


def sample(count: int) -> Sample:
    result = Sample()
    for number in range(count):
        result.add(transaction(number))
    return result


class Clock:
    """Advances only while a caller waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def read(self) -> float:
        return self.now


def run(read: ReadDecisions, rows: Sample, clock: Clock, *, once: bool = False) -> DecisionStatistics:
    statistics = DecisionStatistics(rows.seen, len(rows.transactions))
    DecisionWait(read, clock.wait, clock.read, lambda _: None).run(rows, statistics, once=once)
    return statistics


def test_small_stream_is_sampled_as_a_whole() -> None:
    rows = sample(10)
    assert len(rows.transactions) == rows.seen == 10


def test_sample_of_a_large_stream_is_uniform() -> None:
    late = 0
    for seed in range(200):
        rows = Sample(size=10, seed=seed)
        for number in range(100):
            rows.add(transaction(number))
        assert len({row.transaction_id for row in rows.transactions}) == 10
        late += sum(int(row.transaction_id[1:]) >= 50 for row in rows.transactions)
    assert late / 2000 == pytest.approx(0.5, abs=0.04)


def test_wait_ends_with_the_last_decision() -> None:
    polls: list[int] = []

    def read(pending: Sequence[Transaction]) -> dict[str, Decision]:
        polls.append(len(pending))
        return {pending[0].transaction_id: decision(250)}

    statistics = run(read, sample(3), Clock())
    assert polls == [3, 2, 1]
    assert (statistics.decided, statistics.undecided, statistics.is_complete) == (3, 0, True)
    assert statistics.latencies == [0.25] * 3


def test_wait_ends_if_no_further_decision_is_made() -> None:
    clock = Clock()
    statistics = run(lambda _: {}, sample(2), clock)
    assert statistics.undecided == 2
    assert clock.now == PATIENCE_SECONDS


def test_each_decision_prolongs_the_wait() -> None:
    clock = Clock()

    def read(pending: Sequence[Transaction]) -> dict[str, Decision]:
        # The second decision is made after most of the patience is used up.
        due = len(pending) == 2 or clock.now > PATIENCE_SECONDS + 10
        return {pending[0].transaction_id: decision(1)} if due and clock.now > PATIENCE_SECONDS - 10 else {}

    assert run(read, sample(2), clock).undecided == 0


def test_decisions_are_read_once_without_waiting() -> None:
    clock = Clock()
    statistics = run(lambda pending: {pending[0].transaction_id: decision(1)}, sample(2), clock, once=True)
    assert (statistics.decided, clock.now) == (1, 0)


def test_without_transactions_nothing_is_read() -> None:
    def read(_: Sequence[Transaction]) -> dict[str, Decision]:
        raise AssertionError

    assert run(read, sample(0), Clock()).undecided == 0
