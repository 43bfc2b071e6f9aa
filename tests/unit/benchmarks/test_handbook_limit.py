import numpy as np
import pytest

from benchmarks._handbook_limit import score_with_knowledge
from benchmarks._protocol import calibration_error
from detection.data.simulation import SimulatedColumns, simulate_columns

DAY = 86_400
TERMINAL_FRAUD, STOLEN = 2, 3
LARGE, USUAL = 221.0, 20.0


def make_history(rows: list[tuple[int, int, int, float, int]]) -> SimulatedColumns:
    """Transactions of a day, customer, terminal, amount and scenario, each at noon."""
    days, customers, terminals, amounts, scenarios = (np.array(column) for column in zip(*rows, strict=True))
    return SimulatedColumns(days * DAY + DAY // 2, customers, terminals, amounts, scenarios)


def score_last(rows: list[tuple[int, int, int, float, int]]) -> float:
    """The score of the last row. Further customers and terminals make fraud rare."""
    others = [(0, 1_000 + number, 1_000 + number, USUAL, 0) for number in range(1_000)]
    history = make_history([*others, *rows])
    return float(score_with_knowledge(history, np.array([len(others) + len(rows) - 1]))[0])


def test_large_amount_is_fraud() -> None:
    assert score_last([(0, 0, 0, LARGE, 1)]) == 1


@pytest.mark.parametrize(
    ("day", "lowest", "highest"), [(16, 0, 0.05), (17, 0.95, 1), (37, 0.95, 1), (38, 0, 0.05)]
)
def test_terminal_is_known_to_be_compromised_from_its_first_label_to_its_28th_day(
    day: int, lowest: float, highest: float
) -> None:
    rows = [(9, 0, 5, USUAL, 0), (10, 0, 5, USUAL, TERMINAL_FRAUD), (day, 1, 5, USUAL, TERMINAL_FRAUD)]
    assert lowest <= score_last(rows) <= highest


def test_labelled_genuine_transaction_clears_a_terminal() -> None:
    rows = [(10, 0, 5, USUAL, TERMINAL_FRAUD), (12, 0, 5, USUAL, 0), (20, 1, 5, USUAL, 0)]
    assert score_last(rows) < 0.05


@pytest.mark.parametrize(("day", "is_suspected"), [(20, True), (40, False)])
def test_earlier_unusual_amount_makes_an_unusual_amount_suspicious_for_two_weeks(
    day: int, *, is_suspected: bool
) -> None:
    usual = [(1, 0, number, USUAL, 0) for number in range(30)]
    # 60 is possible for this customer, but rare.
    alone = score_last([*usual, (day, 0, 1, 60.0, STOLEN)])
    second = score_last([*usual, (15, 0, 0, 100.0, STOLEN), (day, 0, 1, 60.0, STOLEN)])
    assert (second > alone + 0.05) == is_suspected


def test_scores_are_probabilities_of_the_simulation() -> None:
    history = simulate_columns(customers=1_000, terminals=2_000, days=90, seed=1)
    tested = np.flatnonzero(history.days >= 60)
    scores, frauds = score_with_knowledge(history, tested), history.scenarios[tested] > 0
    assert scores.sum() == pytest.approx(frauds.sum(), rel=0.1)
    assert calibration_error(frauds, scores) < 0.01
