import numpy as np
import pytest

from detection.data.simulation import START_MS, Simulation, columns, simulate

SMALL = {"customers": 200, "terminals": 400, "days": 30}


@pytest.fixture(scope="module")
def made() -> Simulation:
    """A tenth of the handbook's customers and terminals, for 90 days."""
    return columns(customers=500, terminals=1000, days=90, seed=1)


def test_transactions_stand_in_the_order_of_time() -> None:
    times = [row.transaction.timestamp for row in simulate(**SMALL, seed=3)]
    assert times == sorted(times)
    assert times[0] >= START_MS
    assert times[-1] < START_MS + 30 * 86_400_000


def test_same_seed_makes_the_same_transactions_and_another_one_others() -> None:
    first, again, other = (list(simulate(**SMALL, seed=seed)) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_customers_buy_as_often_and_for_as_much_as_they_are_made_to(made: Simulation) -> None:
    # Two a day on average, less the few that fall outside of their day.
    assert len(made.seconds) / (500 * 90) == pytest.approx(2 * 0.969, rel=0.05)
    assert made.amounts[made.scenarios == 0].mean() == pytest.approx(53, rel=0.05)
    assert made.amounts.min() > 0


def test_everything_over_220_is_fraud(made: Simulation) -> None:
    assert (made.scenarios[made.amounts > 220] > 0).all()
    assert (made.amounts[made.scenarios == 1] > 220).all()


def test_terminals_are_misused_for_28_days_without_exception(made: Simulation) -> None:
    terminal = made.terminals[made.scenarios == 2][0]
    theirs = made.terminals == terminal
    days = made.days[theirs & (made.scenarios == 2)]
    in_between = theirs & (made.days >= days.min()) & (made.days <= min(days.max(), days.min() + 27))
    assert (made.scenarios[in_between] > 0).all()


def test_misused_customers_spend_five_times_as_much(made: Simulation) -> None:
    fraud = made.scenarios == 3
    assert made.amounts[fraud].mean() == pytest.approx(5 * made.amounts[made.scenarios == 0].mean(), rel=0.2)
    assert np.unique(made.customers[fraud]).size > 100


def test_handbook_has_eight_frauds_in_a_thousand() -> None:
    whole = columns(customers=5000, terminals=10_000, days=60, seed=0)
    assert (whole.scenarios > 0).mean() == pytest.approx(0.0075, abs=0.0015)


def test_few_customers_and_terminals_are_enough() -> None:
    assert len(list(simulate(customers=2, terminals=1, days=3, seed=1))) >= 0
