"""Simulated card transactions with fraud: the simulation of the Fraud Detection Handbook.

Customers and terminals are points on a map of 100 by 100, and customers buy at terminals near them. The same
seed makes the same transactions. https://fraud-detection-handbook.github.io/fraud-detection-handbook/
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.spatial import KDTree

from detection.data.columns import DEFAULT_CURRENCY, LabelledTransaction
from functions.common.domain.transaction_event import TransactionInserted

START_MS = 1_522_540_800_000
"""2018-04-01, the first day of the handbook's data."""

_MAP_SIZE = 100
_RADIUS = 5
_DAY_SECONDS = 86_400
_MEAN_SECOND, _SECOND_DEVIATION = _DAY_SECONDS / 2, 20_000
_MIN_MEAN_AMOUNT, _MAX_MEAN_AMOUNT = 5, 100
_MAX_TRANSACTIONS_PER_DAY = 4
_MIN_AMOUNT = 0.01
# Scenario 1: every transaction above an amount.
LARGE_AMOUNT = 220
# Scenario 2: all transactions of a few terminals for some days.
TERMINALS_PER_DAY, TERMINAL_DAYS = 2, 28
# Scenario 3: one third of the transactions of a few customers for some days, with five times the amount.
CUSTOMERS_PER_DAY, CUSTOMER_DAYS, MISUSED_DIVISOR, AMOUNT_FACTOR = 3, 14, 3, 5

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class SimulatedColumns:
    """Transactions in order of time, as columns: seconds since the start, amounts with two decimals.

    `scenarios`: 0 for a genuine transaction, otherwise the number of the fraud scenario.
    """

    seconds: Numbers
    customers: Numbers
    terminals: Numbers
    amounts: NDArray[np.float64]
    scenarios: Numbers

    @property
    def days(self) -> Numbers:
        """The day of each transaction, counted from 0."""
        return self.seconds // _DAY_SECONDS


def simulate_transactions(
    *, customers: int, terminals: int, days: int, seed: int, start_ms: int = START_MS
) -> Iterator[LabelledTransaction]:
    """Simulate `days` days from `start_ms`, the start of a day in epoch milliseconds."""
    columns = simulate_columns(customers=customers, terminals=terminals, days=days, seed=seed)
    rows: Any = zip(
        columns.seconds.tolist(),
        columns.customers.tolist(),
        columns.terminals.tolist(),
        columns.amounts.tolist(),
        columns.scenarios.tolist(),
        strict=True,
    )
    for number, (second, customer, terminal, amount, scenario) in enumerate(rows):
        timestamp = start_ms + second * 1000
        transaction = TransactionInserted(
            transaction_id=f"tx-{seed}-n{number}",
            timestamp=timestamp,
            account_id=f"customer-{customer}",
            merchant_id=f"terminal-{terminal}",
            amount=Decimal(f"{amount:.2f}"),
            currency=DEFAULT_CURRENCY,
            received_at=timestamp,
        )
        yield LabelledTransaction(transaction, scenario > 0, str(scenario) if scenario else "")


def simulate_columns(*, customers: int, terminals: int, days: int, seed: int) -> SimulatedColumns:
    """Simulate the transactions of `simulate_transactions` as columns."""
    random = np.random.default_rng(seed)
    near, counts, offsets = _find_neighbours(random, customers, terminals)
    mean_amounts = random.uniform(_MIN_MEAN_AMOUNT, _MAX_MEAN_AMOUNT, customers)
    rates = random.uniform(0, _MAX_TRANSACTIONS_PER_DAY, customers)
    daily_counts = random.poisson(np.tile(rates, (days, 1))).ravel()
    day, customer = np.divmod(np.repeat(np.arange(days * customers), daily_counts), customers)
    second = random.normal(_MEAN_SECOND, _SECOND_DEVIATION, len(day)).astype(np.int64)
    valid = (second > 0) & (second < _DAY_SECONDS) & (counts[customer] > 0)
    day, customer, second = day[valid], customer[valid], second[valid]
    amounts = _draw_amounts(random, mean_amounts[customer])
    choice = (random.random(len(customer)) * counts[customer]).astype(np.int64)
    seconds = day * _DAY_SECONDS + second
    order = np.argsort(seconds, kind="stable")
    genuine = SimulatedColumns(
        seconds=seconds[order],
        customers=customer[order],
        terminals=near[offsets[customer] + choice][order],
        amounts=amounts[order],
        scenarios=np.zeros(len(order), np.int64),
    )
    return _add_fraud(random, genuine, customers, terminals, days)


def _find_neighbours(random: Generator, customers: int, terminals: int) -> tuple[Numbers, Numbers, Numbers]:
    """The terminals near all customers in one array, with the count and the offset of each customer's."""
    homes = random.uniform(0, _MAP_SIZE, (customers, 2))
    terminal_tree = KDTree(random.uniform(0, _MAP_SIZE, (terminals, 2)))
    near = terminal_tree.query_ball_point(homes, _RADIUS, return_sorted=True)
    counts = np.array([len(neighbours) for neighbours in near], np.int64)
    flat = np.concatenate([np.asarray(neighbours, np.int64) for neighbours in near])
    return flat, counts, np.cumsum(counts) - counts


def _draw_amounts(random: Generator, means: NDArray[np.float64]) -> NDArray[np.float64]:
    amounts = random.normal(means, means / 2)
    amounts = np.where(amounts < 0, random.uniform(0, 2 * means), amounts)
    return np.maximum(np.round(amounts, 2), _MIN_AMOUNT)


def _add_fraud(
    random: Generator, genuine: SimulatedColumns, customers: int, terminals: int, days: int
) -> SimulatedColumns:
    amounts, scenarios = genuine.amounts.copy(), np.where(genuine.amounts > LARGE_AMOUNT, 1, 0)
    terminal_rows = _RowIndex(genuine.terminals, terminals)
    customer_rows = _RowIndex(genuine.customers, customers)
    row_days = genuine.days
    for day in range(days):
        for terminal in random.choice(terminals, min(TERMINALS_PER_DAY, terminals), replace=False):
            scenarios[_select_days(terminal_rows.rows(terminal), row_days, day, TERMINAL_DAYS)] = 2
    for day in range(days):
        victims = random.choice(customers, min(CUSTOMERS_PER_DAY, customers), replace=False)
        rows = np.concatenate([customer_rows.rows(customer) for customer in victims])
        rows = _select_days(rows, row_days, day, CUSTOMER_DAYS)
        misused = random.choice(rows, len(rows) // MISUSED_DIVISOR, replace=False)
        amounts[misused] = np.round(amounts[misused] * AMOUNT_FACTOR, 2)
        scenarios[misused] = 3
    return SimulatedColumns(genuine.seconds, genuine.customers, genuine.terminals, amounts, scenarios)


class _RowIndex:
    """The rows of each customer or terminal."""

    def __init__(self, owners: Numbers, count: int) -> None:
        self._order = np.argsort(owners, kind="stable")
        self._offsets = np.searchsorted(owners[self._order], np.arange(count + 1))

    def rows(self, owner: int) -> Numbers:
        return self._order[self._offsets[owner] : self._offsets[owner + 1]]


def _select_days(rows: Numbers, row_days: Numbers, first_day: int, days: int) -> Numbers:
    return rows[(row_days[rows] >= first_day) & (row_days[rows] < first_day + days)]
