"""The two simulations of benchmarks/detection.py, each with its protocol and its baselines."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec.structs import replace

from benchmarks import _handbook, _handbook_limit, _payments_baselines
from benchmarks._protocol import Days, Floats, History, Indices, Protocol
from detection.data import payment_simulation, simulation
from detection.data.columns import LabelledTransaction
from detection.data.payment_simulation import PaymentColumns, iterate_payments, simulate_payment_columns
from detection.data.simulation import SimulatedColumns, simulate_columns, simulate_transactions
from functions.common.domain.time_buckets import DAY_MS

# With --full: all days with features of 30 days and labels, and a month of higher amounts.
ALL_HISTORY: Days = (37, 122)
DRIFT: Days = (150, 180)
PRICE_FACTOR = Decimal("1.3")

_HANDBOOK_SIZE = {"customers": 5_000, "terminals": 10_000, "days": 183}
_PAYMENTS_SIZE = {"accounts": 5_000, "merchants": 3_000, "days": 180}


class World(NamedTuple):
    """A simulation. `simulate` returns its columns for a seed; the other functions take these columns.

    `has_kinds`: whether the goals for kinds of fraud, detected value and calibration apply.
    `score_with_knowledge`: the best score that the simulation allows, None if unknown.
    """

    name: str
    protocol: Protocol
    start_ms: int
    has_kinds: bool
    models: Mapping[str, Sequence[Any]]
    simulate: Callable[[int], Any]
    read_history: Callable[[Any], History]
    compute_features: Callable[[Any], Floats]
    iterate_rows: Callable[[Any, int], Iterator[LabelledTransaction]]
    score_with_knowledge: Callable[[Any, Indices], Floats] | None = None


def _simulate_handbook(seed: int) -> SimulatedColumns:
    return simulate_columns(**_HANDBOOK_SIZE, seed=seed)


def _iterate_handbook(_: SimulatedColumns, seed: int) -> Iterator[LabelledTransaction]:
    """The transactions, with higher amounts from the first day of the drift."""
    drift_start_ms = simulation.START_MS + DRIFT[0] * DAY_MS
    for labelled in simulate_transactions(**_HANDBOOK_SIZE, seed=seed):
        transaction = labelled.transaction
        if transaction.timestamp < drift_start_ms:
            yield labelled
        else:
            amount = round(transaction.amount * PRICE_FACTOR, 2)
            yield replace(labelled, transaction=replace(transaction, amount=amount))


def _simulate_payments(seed: int) -> PaymentColumns:
    return simulate_payment_columns(**_PAYMENTS_SIZE, seed=seed)


def _select_purchases(columns: PaymentColumns) -> PaymentColumns:
    return columns.select(~columns.is_refund)


HANDBOOK = World(
    name="Handbook",
    protocol=Protocol(train=(115, 122), test=(129, 136), earlier_days=14),
    start_ms=simulation.START_MS,
    has_kinds=False,
    models=_handbook.BASELINES,
    simulate=_simulate_handbook,
    read_history=_handbook.read_history,
    compute_features=_handbook.handbook_features,
    iterate_rows=_iterate_handbook,
    score_with_knowledge=_handbook_limit.score_with_knowledge,
)
PAYMENTS = World(
    name="Payments",
    protocol=Protocol(train=(98, 126), test=(133, 161), earlier_days=28),
    start_ms=payment_simulation.START_MS,
    has_kinds=True,
    models=_payments_baselines.MODELS,
    simulate=_simulate_payments,
    read_history=lambda columns: _payments_baselines.read_history(_select_purchases(columns)),
    compute_features=lambda columns: _payments_baselines.payment_features(_select_purchases(columns)),
    iterate_rows=lambda columns, seed: iterate_payments(columns, seed=seed),
)
WORLDS = {"handbook": HANDBOOK, "payments": PAYMENTS}
