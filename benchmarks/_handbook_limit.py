"""The best score that the handbook's simulation allows: it knows how frauds are drawn.

The score of a transaction is the probability of fraud, given the rates of the scenarios, the mean amount of
each customer, earlier amounts, and labels after their delay. No model can be expected to do better: nothing
tells the frauds of a terminal before its first label, and some stolen cards are used for ordinary amounts.
"""

from itertools import count

import numpy as np
from scipy.stats import norm

from benchmarks._protocol import DELAY_DAYS, Floats, Indices
from benchmarks._windows import DAY
from detection.data.simulation import (
    AMOUNT_FACTOR,
    CUSTOMER_DAYS,
    CUSTOMERS_PER_DAY,
    LARGE_AMOUNT,
    MISUSED_DIVISOR,
    TERMINAL_DAYS,
    TERMINALS_PER_DAY,
    SimulatedColumns,
)

_GENUINE, _COMPROMISED_TERMINAL, _STOLEN_CARD = 0, 2, 3
_DELAY = DELAY_DAYS * DAY
_MISUSED = 1 / MISUSED_DIVISOR
# Amounts are normal, with half the mean as deviation. Negative ones are drawn again, from 0 to twice the
# mean.
_REDRAWN = float(norm.cdf(-2))
# The mean of all amounts as a multiple of the mean of the normal distribution.
_MEAN_FACTOR = float(norm.cdf(2) + norm.pdf(2) / 2) + _REDRAWN
# Limits that keep quotients finite.
_MIN_DENSITY, _MAX_LOG_ODDS = 1e-12, 50.0


def score_with_knowledge(simulation: SimulatedColumns, tested: Indices) -> Floats:
    """The probability of fraud of each tested transaction."""
    is_small = simulation.amounts[tested] <= LARGE_AMOUNT
    at_terminals = _score_terminals(simulation, tested)
    return 1 - is_small * (1 - at_terminals) * (1 - _score_customers(simulation, tested))


def _score_terminals(simulation: SimulatedColumns, tested: Indices) -> Floats:
    """The probability that the terminal is compromised.

    It became so after its last genuine transaction with a label, and not after the first fraud that followed.
    """
    day = simulation.days[tested]
    terminals = int(simulation.terminals.max()) + 1
    far = int(simulation.seconds.max()) + 1
    keys = simulation.terminals * far + simulation.seconds
    own, labelled = simulation.terminals[tested] * far, np.maximum(simulation.seconds[tested] - _DELAY, 0)
    genuine = np.sort(keys[simulation.scenarios == _GENUINE])
    frauds = np.sort(keys[simulation.scenarios == _COMPROMISED_TERMINAL])
    last = np.searchsorted(genuine, own + labelled, side="right") - 1
    # Without a genuine transaction, the terminal's first possible second.
    since = np.maximum(genuine[np.maximum(last, 0)], own)
    position = np.searchsorted(frauds, since)
    first = np.append(frauds, np.iinfo(np.int64).max)[position]
    is_known = first <= own + labelled
    rate = TERMINALS_PER_DAY / terminals
    clear_day = (since - own) // DAY
    hidden = np.minimum(day - clear_day, TERMINAL_DAYS) * rate
    first_day = np.where(is_known, (first - own) // DAY, day)
    begin = np.maximum(clear_day, first_day - TERMINAL_DAYS)
    possible = np.maximum(first_day - begin, 1)
    still = np.clip(first_day - np.maximum(begin, day - TERMINAL_DAYS), 0, possible) / possible
    return np.where(is_known, np.maximum(still, hidden), hidden)


def _score_customers(simulation: SimulatedColumns, tested: Indices) -> Floats:
    """The probability that the transaction is one of a stolen card."""
    customers, seconds, days = simulation.customers, simulation.seconds, simulation.days
    ordinary, misused = _amount_densities(simulation)
    unlabelled = np.log(1 - _MISUSED + _MISUSED * misused / ordinary)
    is_stolen = simulation.scenarios == _STOLEN_CARD
    labelled = np.where(is_stolen, _MAX_LOG_ODDS, np.log(1 - _MISUSED))
    order = np.lexsort((seconds, customers))
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    # The evidence of the customer's earlier transactions, by their age in days.
    evidence = np.zeros((len(tested), CUSTOMER_DAYS))
    for distance in count(1):
        earlier = order[np.maximum(places[tested] - distance, 0)]
        age = days[tested] - days[earlier]
        rows = np.flatnonzero(
            (places[tested] >= distance) & (customers[earlier] == customers[tested]) & (age < CUSTOMER_DAYS)
        )
        if not len(rows):
            break
        chosen = earlier[rows]
        has_label = seconds[chosen] <= seconds[tested[rows]] - _DELAY
        evidence[rows, age[rows]] += np.where(has_label, labelled[chosen], unlabelled[chosen])
    by_start = np.minimum(np.cumsum(evidence, axis=1), _MAX_LOG_ODDS)
    odds = CUSTOMERS_PER_DAY / (int(customers.max()) + 1) * np.exp(by_start).sum(axis=1)
    fraud = odds * _MISUSED * misused[tested]
    result: Floats = fraud / (fraud + (odds * (1 - _MISUSED) + 1) * ordinary[tested])
    return result


def _amount_densities(simulation: SimulatedColumns) -> tuple[Floats, Floats]:
    """The density of each amount if it is ordinary, and if it is one of a stolen card."""
    own = simulation.scenarios != _STOLEN_CARD
    customers, size = simulation.customers[own], int(simulation.customers.max()) + 1
    totals = np.bincount(customers, simulation.amounts[own], minlength=size)
    counts = np.bincount(customers, minlength=size)
    means = (totals / np.maximum(counts, 1) / _MEAN_FACTOR)[simulation.customers]
    factor = AMOUNT_FACTOR
    misused = _amount_density(simulation.amounts / factor, means) / factor
    return _amount_density(simulation.amounts, means), misused


def _amount_density(amounts: Floats, means: Floats) -> Floats:
    redrawn = np.where(amounts < 2 * means, _REDRAWN / (2 * means), 0)
    density = norm.pdf(amounts, means, means / 2) + redrawn
    result: Floats = np.maximum(density, _MIN_DENSITY)
    return result
