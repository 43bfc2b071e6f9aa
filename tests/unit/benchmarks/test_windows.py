import numpy as np

from benchmarks._windows import count_distinct_today, find_first_uses, seconds_since_last, sum_windows

# Two accounts; the second one has a payment at the same time as the first one.
OWNERS = np.array([1, 2, 1, 1, 2])
SECONDS = np.array([0, 0, 50, 100, 300])
AMOUNTS = np.array([1.0, 10.0, 2.0, 4.0, 20.0])


def test_window_includes_the_transaction_and_excludes_its_begin() -> None:
    count, total = sum_windows(OWNERS, SECONDS, AMOUNTS, length=100)
    assert count.tolist() == [1, 1, 2, 2, 1]
    assert total.tolist() == [1, 10, 3, 6, 20]


def test_delayed_window_ends_before_the_transaction() -> None:
    count, total = sum_windows(OWNERS, SECONDS, AMOUNTS, length=1000, delay=60)
    assert count.tolist() == [0, 0, 0, 1, 1]
    assert total.tolist() == [0, 0, 0, 1, 10]


def test_first_uses_are_those_of_each_owner() -> None:
    values = np.array([7, 7, 7, 8, 7])
    assert find_first_uses(OWNERS, values).tolist() == [True, True, False, True, False]


def test_idle_time_is_unknown_for_the_first_transaction() -> None:
    gaps = seconds_since_last(OWNERS, SECONDS)
    assert np.isnan(gaps[[0, 1]]).all()
    assert gaps[2:].tolist() == [50, 50, 300]


def test_distinct_values_are_counted_up_to_the_transaction_and_begin_again_each_day() -> None:
    owners, values, days = (
        np.array([1, 1, 1, 1, 2, 1]),
        np.array([5, 6, 5, 6, 5, 6]),
        np.array([0, 0, 0, 0, 0, 1]),
    )
    assert count_distinct_today(owners, values, days).tolist() == [1, 2, 2, 2, 1, 1]
