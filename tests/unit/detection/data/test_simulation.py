import numpy as np
import pytest

from detection.data.simulation import START_MS, SimulatedColumns, simulate_columns, simulate_transactions

SMALL = {"customers": 200, "terminals": 400, "days": 30}


@pytest.fixture(scope="module")
def columns() -> SimulatedColumns:
    """A tenth of the handbook's customers and terminals, for 90 days."""
    return simulate_columns(customers=500, terminals=1000, days=90, seed=1)


def test_transactions_are_sorted_by_time() -> None:
    times = [row.transaction.timestamp for row in simulate_transactions(**SMALL, seed=3)]
    assert times == sorted(times)
    assert times[0] >= START_MS
    assert times[-1] < START_MS + 30 * 86_400_000


def test_transactions_depend_on_the_seed_only() -> None:
    first, repeated, different = (list(simulate_transactions(**SMALL, seed=seed)) for seed in (3, 3, 4))
    assert first == repeated
    assert first != different


def test_frequency_and_amounts_have_the_expected_means(columns: SimulatedColumns) -> None:
    # Two a day on average, minus the few outside the day.
    assert len(columns.seconds) / (500 * 90) == pytest.approx(2 * 0.969, rel=0.05)
    assert columns.amounts[columns.scenarios == 0].mean() == pytest.approx(53, rel=0.05)
    assert columns.amounts.min() > 0


def test_all_transactions_above_220_are_fraud(columns: SimulatedColumns) -> None:
    assert (columns.scenarios[columns.amounts > 220] > 0).all()
    assert (columns.amounts[columns.scenarios == 1] > 220).all()


def test_all_transactions_of_a_compromised_terminal_are_fraud_for_28_days(columns: SimulatedColumns) -> None:
    terminal = columns.terminals[columns.scenarios == 2][0]
    at_terminal = columns.terminals == terminal
    days = columns.days[at_terminal & (columns.scenarios == 2)]
    in_period = (
        at_terminal & (columns.days >= days.min()) & (columns.days <= min(days.max(), days.min() + 27))
    )
    assert (columns.scenarios[in_period] > 0).all()


def test_misused_customers_spend_five_times_as_much(columns: SimulatedColumns) -> None:
    fraud = columns.scenarios == 3
    assert columns.amounts[fraud].mean() == pytest.approx(
        5 * columns.amounts[columns.scenarios == 0].mean(), rel=0.2
    )
    assert np.unique(columns.customers[fraud]).size > 100


def test_fraud_rate_is_that_of_the_handbook() -> None:
    full_size = simulate_columns(customers=5000, terminals=10_000, days=60, seed=0)
    assert (full_size.scenarios > 0).mean() == pytest.approx(0.0075, abs=0.0015)


def test_simulation_works_with_few_customers_and_terminals() -> None:
    assert len(list(simulate_transactions(customers=2, terminals=1, days=3, seed=1))) >= 0
