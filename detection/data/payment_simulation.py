"""Simulated card and transfer payments with fraud, in several countries and currencies.

The simulation is our own. It has six kinds of fraud, and genuine payments that look like them: of people who
travel, change or share devices, or prepare a wedding, of offices behind one address, on sales days, and at
new shops. The same seed makes the same payments.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.random import Generator

from detection.data.columns import LabelledTransaction
from detection.data.payments.amounts import PLACES, choose_amounts
from detection.data.payments.catalogue import COUNTRIES, LINES
from detection.data.payments.events import (
    SCENARIOS,
    UNKNOWN,
    Events,
    Flags,
    Floats,
    Numbers,
    draw_flags,
    join_events,
)
from detection.data.payments.fraud import FraudSimulator
from detection.data.payments.genuine import simulate_genuine
from detection.data.payments.merchants import MIN_MERCHANTS
from detection.data.payments.networks import format_address
from detection.data.payments.world import DAY_MS, build_world
from functions.common.domain.transaction_event import TransactionInserted

START_MS = 1_767_571_200_000
"""2026-01-05, a Monday."""

COLUMNS = (
    "currency",
    "country",
    "channel",
    "merchant_category",
    "device_id",
    "ip_address",
    "type",
    "original_transaction_id",
)
"""The optional columns that the payments have."""

__all__ = [
    "COLUMNS",
    "MIN_MERCHANTS",
    "START_MS",
    "PaymentColumns",
    "iterate_payments",
    "simulate_payment_columns",
    "simulate_payments",
]

_CURRENCIES = [country.currency for country in COUNTRIES]
_CODES = [country.code for country in COUNTRIES]
_UNITS = np.array([country.units for country in COUNTRIES])
_REFUND_SHARE, _MAX_REFUND_DAYS = 0.012, 20
_IS_REFUNDABLE = np.array([line.category in ("5651", "5732", "5311", "5399", "5712") for line in LINES])


@dataclass(frozen=True)
class PaymentColumns:
    """Payments in order of time, as columns.

    `times`: milliseconds since the start. `amounts`: in minor units of the currency. All other columns are
    numbers: of accounts, merchants, devices and addresses, or positions in COUNTRIES, LINES and SCENARIOS;
    UNKNOWN is an empty field. `currencies` are countries. `refunded`: of a refund, the row of its purchase.
    """

    times: Numbers
    accounts: Numbers
    merchants: Numbers
    amounts: Numbers
    lines: Numbers
    places: Numbers
    currencies: Numbers
    devices: Numbers
    addresses: Numbers
    scenarios: Numbers
    refunded: Numbers

    def select(self, rows: Numbers | Flags) -> "PaymentColumns":
        """The payments of these rows, in their order. `refunded` has the rows of all payments still."""
        return PaymentColumns(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    @property
    def is_refund(self) -> Flags:
        result: Flags = self.refunded != UNKNOWN
        return result

    @property
    def days(self) -> Numbers:
        """The day of each payment, counted from 0."""
        return self.times // DAY_MS

    @property
    def seconds(self) -> Numbers:
        return self.times // 1000

    @property
    def euros(self) -> Floats:
        """The approximate amounts in euros."""
        result: Floats = self.amounts / 10 ** PLACES[self.currencies] / _UNITS[self.currencies]
        return result


def simulate_payments(
    *, accounts: int, merchants: int, days: int, seed: int, start_ms: int = START_MS
) -> Iterator[LabelledTransaction]:
    """Simulate `days` days from `start_ms`, the start of a Monday in epoch milliseconds."""
    columns = simulate_payment_columns(accounts=accounts, merchants=merchants, days=days, seed=seed)
    return iterate_payments(columns, seed=seed, start_ms=start_ms)


def iterate_payments(
    columns: PaymentColumns, *, seed: int, start_ms: int = START_MS
) -> Iterator[LabelledTransaction]:
    """The payments of `simulate_payment_columns` with this seed."""
    random = np.random.default_rng((seed, 1))
    account_names = _make_names(random, "a", columns.accounts)
    merchant_names = _make_names(random, "m", columns.merchants)
    device_names: list[str | None] = [*_make_names(random, "d", columns.devices), None]
    distinct_addresses, addresses = np.unique(columns.addresses, return_inverse=True)
    address_names = [
        None if number == UNKNOWN else format_address(number) for number in distinct_addresses.tolist()
    ]
    rows: Any = zip(
        columns.times.tolist(),
        columns.accounts.tolist(),
        columns.merchants.tolist(),
        columns.amounts.tolist(),
        columns.lines.tolist(),
        columns.places.tolist(),
        columns.currencies.tolist(),
        columns.devices.tolist(),
        addresses.tolist(),
        columns.scenarios.tolist(),
        columns.refunded.tolist(),
        strict=True,
    )
    codes = [*_CODES, None]
    units = [Decimal(1).scaleb(-int(places)) for places in PLACES]
    for number, row in enumerate(rows):
        time, account, merchant, amount, line, place, currency, device, address, scenario, refunded = row
        is_refund = refunded != UNKNOWN
        transaction = TransactionInserted(
            transaction_id=f"tx-{seed}-n{number}",
            timestamp=start_ms + time,
            account_id=account_names[account],
            merchant_id=merchant_names[merchant],
            amount=amount * units[currency],
            currency=_CURRENCIES[currency],
            received_at=start_ms + time,
            type="refund" if is_refund else None,
            original_transaction_id=f"tx-{seed}-n{refunded}" if is_refund else None,
            channel=LINES[line].channel,
            country=codes[place],
            merchant_category=LINES[line].category,
            device_id=device_names[device],
            ip_address=address_names[address],
        )
        yield LabelledTransaction(transaction, scenario > 0, SCENARIOS[scenario])


def simulate_payment_columns(*, accounts: int, merchants: int, days: int, seed: int) -> PaymentColumns:
    """Simulate the payments of `simulate_payments` as columns. `merchants`: at least MIN_MERCHANTS."""
    random = np.random.default_rng(seed)
    world = build_world(random, accounts=accounts, merchants=merchants, days=days)
    fraud = FraudSimulator(random, world, simulate_genuine(random, world))
    events = join_events([fraud.dispute_some(), fraud.simulate()])
    lines = world.merchants.lines[events.merchants]
    amounts = choose_amounts(random, events.euros, events.currencies, lines)
    return _order_by_time(random, events, lines, amounts, days)


def _order_by_time(
    random: Generator, events: Events, lines: Numbers, amounts: Numbers, days: int
) -> PaymentColumns:
    """Add refunds, and sort. Equal times are in random order: fraud was added last."""
    count = len(events)
    likely = np.flatnonzero(_IS_REFUNDABLE[lines] & (events.scenarios == 0))
    refunded = likely[draw_flags(random, _REFUND_SHARE, len(likely))]
    refund_times = events.times[refunded] + random.integers(0, _MAX_REFUND_DAYS * DAY_MS, len(refunded))
    in_time = refund_times < days * DAY_MS
    refunded, refund_times = refunded[in_time], refund_times[in_time]
    rows = np.concatenate([np.arange(count), refunded])
    times = np.concatenate([events.times, refund_times])
    order = np.lexsort((random.random(len(times)), times))
    positions = np.empty(len(order), np.int64)
    positions[order] = np.arange(len(order))
    originals = np.concatenate([np.full(count, UNKNOWN), positions[refunded]])
    events = events.select(rows[order])
    # A refund is without a device: the shop makes it.
    is_refund = originals[order] != UNKNOWN
    return PaymentColumns(
        times=times[order],
        accounts=events.accounts,
        merchants=events.merchants,
        amounts=amounts[rows][order],
        lines=lines[rows][order],
        places=events.places,
        currencies=events.currencies,
        devices=np.where(is_refund, UNKNOWN, _renumber(events.devices)),
        addresses=np.where(is_refund, UNKNOWN, events.addresses),
        scenarios=events.scenarios,
        refunded=originals[order],
    )


def _renumber(devices: Numbers) -> Numbers:
    """The same devices with the numbers 0, 1, 2 and so on."""
    distinct, numbers = np.unique(devices, return_inverse=True)
    return numbers - int(UNKNOWN in distinct)


def _make_names(random: Generator, prefix: str, numbers: Numbers) -> list[str]:
    """A name for each number, in which the number does not show."""
    count = int(numbers.max(initial=0)) + 1
    return [f"{prefix}-{number:06}" for number in random.permutation(count).tolist()]
