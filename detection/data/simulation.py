"""Makes up card transactions with fraud among them: the simulation of the Fraud Detection Handbook.

Customers and terminals lie on a map of 100 by 100, and customers buy at terminals near them. A seed makes the
same transactions. https://fraud-detection-handbook.github.io/fraud-detection-handbook/
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.spatial import KDTree

from detection.data.columns import DEFAULT_CURRENCY, Labelled
from functions.common.domain.transaction_event import TransactionInserted

START_MS = 1_522_540_800_000
"""2018-04-01, where the handbook begins."""

_MAP = 100
_RADIUS = 5
_DAY_SECONDS = 86_400
_NOON, _SPREAD = _DAY_SECONDS / 2, 20_000
_LEAST_MEAN, _LARGEST_MEAN = 5, 100
_MOST_A_DAY = 4
# Scenario 1: every transaction over an amount.
_LARGE = 220
# Scenario 2: all transactions of some terminals for a while.
_TERMINALS_A_DAY, _TERMINAL_DAYS = 2, 28
# Scenario 3: a part of the transactions of some customers for a while, with several times the amount.
_CUSTOMERS_A_DAY, _CUSTOMER_DAYS, _PART, _TIMES = 3, 14, 3, 5

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Simulation:
    """Columns of transactions in order of time: seconds since the start, amounts with two digits.

    `scenarios`: 0 for genuine, else by which of the three it is fraud.
    """

    seconds: Numbers
    customers: Numbers
    terminals: Numbers
    amounts: NDArray[np.float64]
    scenarios: Numbers

    @property
    def days(self) -> Numbers:
        """The day of each, the first one is 0."""
        return self.seconds // _DAY_SECONDS


def simulate(
    *, customers: int, terminals: int, days: int, seed: int, start_ms: int = START_MS
) -> Iterator[Labelled]:
    """The transactions of as many days, from `start_ms` (epoch milliseconds, the beginning of a day)."""
    made = columns(customers=customers, terminals=terminals, days=days, seed=seed)
    cells: Any = zip(
        made.seconds.tolist(),
        made.customers.tolist(),
        made.terminals.tolist(),
        made.amounts.tolist(),
        made.scenarios.tolist(),
        strict=True,
    )
    for number, (second, customer, terminal, amount, scenario) in enumerate(cells):
        timestamp = start_ms + second * 1000
        transaction = TransactionInserted(
            transaction_id=f"tx-{seed}-{number}",
            timestamp=timestamp,
            account_id=f"customer-{customer}",
            merchant_id=f"terminal-{terminal}",
            amount=Decimal(f"{amount:.2f}"),
            currency=DEFAULT_CURRENCY,
            received_at=timestamp,
        )
        yield Labelled(transaction, scenario > 0, str(scenario) if scenario else "")


def columns(*, customers: int, terminals: int, days: int, seed: int) -> Simulation:
    """The same transactions as columns."""
    random = np.random.default_rng(seed)
    near, counts, begins = _neighbours(random, customers, terminals)
    means = random.uniform(_LEAST_MEAN, _LARGEST_MEAN, customers)
    rates = random.uniform(0, _MOST_A_DAY, customers)
    made = random.poisson(np.tile(rates, (days, 1))).ravel()
    day, customer = np.divmod(np.repeat(np.arange(days * customers), made), customers)
    second = random.normal(_NOON, _SPREAD, len(day)).astype(np.int64)
    kept = (second > 0) & (second < _DAY_SECONDS) & (counts[customer] > 0)
    day, customer, second = day[kept], customer[kept], second[kept]
    amounts = _amounts(random, means[customer])
    choice = (random.random(len(customer)) * counts[customer]).astype(np.int64)
    seconds = day * _DAY_SECONDS + second
    order = np.argsort(seconds, kind="stable")
    genuine = Simulation(
        seconds=seconds[order],
        customers=customer[order],
        terminals=near[begins[customer] + choice][order],
        amounts=amounts[order],
        scenarios=np.zeros(len(order), np.int64),
    )
    return _with_fraud(random, genuine, customers, terminals, days)


def _neighbours(random: Generator, customers: int, terminals: int) -> tuple[Numbers, Numbers, Numbers]:
    """The terminals near each customer one after the other, how many there are, and where they begin."""
    homes = random.uniform(0, _MAP, (customers, 2))
    shops = KDTree(random.uniform(0, _MAP, (terminals, 2)))
    near = shops.query_ball_point(homes, _RADIUS, return_sorted=True)
    counts = np.array([len(some) for some in near], np.int64)
    flat = np.concatenate([np.asarray(some, np.int64) for some in near])
    return flat, counts, np.cumsum(counts) - counts


def _amounts(random: Generator, means: NDArray[np.float64]) -> NDArray[np.float64]:
    amounts = random.normal(means, means / 2)
    amounts = np.where(amounts < 0, random.uniform(0, 2 * means), amounts)
    # Nothing is bought for nothing.
    return np.maximum(np.round(amounts, 2), 0.01)


def _with_fraud(random: Generator, made: Simulation, customers: int, terminals: int, days: int) -> Simulation:
    amounts, scenarios = made.amounts.copy(), np.where(made.amounts > _LARGE, 1, 0)
    by_terminal, by_customer = _Places(made.terminals, terminals), _Places(made.customers, customers)
    day_of = made.days
    for day in range(days):
        for terminal in random.choice(terminals, min(_TERMINALS_A_DAY, terminals), replace=False):
            scenarios[_within(by_terminal.of(terminal), day_of, day, _TERMINAL_DAYS)] = 2
    for day in range(days):
        chosen = random.choice(customers, min(_CUSTOMERS_A_DAY, customers), replace=False)
        theirs = np.concatenate([by_customer.of(customer) for customer in chosen])
        theirs = _within(theirs, day_of, day, _CUSTOMER_DAYS)
        misused = random.choice(theirs, len(theirs) // _PART, replace=False)
        amounts[misused] = np.round(amounts[misused] * _TIMES, 2)
        scenarios[misused] = 3
    return Simulation(made.seconds, made.customers, made.terminals, amounts, scenarios)


class _Places:
    """Where each customer's, or terminal's, transactions stand."""

    def __init__(self, owners: Numbers, count: int) -> None:
        self._order = np.argsort(owners, kind="stable")
        self._begins = np.searchsorted(owners[self._order], np.arange(count + 1))

    def of(self, owner: int) -> Numbers:
        return self._order[self._begins[owner] : self._begins[owner + 1]]


def _within(places: Numbers, day_of: Numbers, day: int, length: int) -> Numbers:
    return places[(day_of[places] >= day) & (day_of[places] < day + length)]
