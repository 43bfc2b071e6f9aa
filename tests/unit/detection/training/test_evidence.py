"""Evidence of rules, on synthetic margins: rules never make the ranking of the model worse."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from detection.training.evidence import OutOfFold, joint_probabilities, learn_evidence

ROWS = 40_000
Matches = NDArray[np.bool_]


class World:
    """Transactions with margins that know a part of what makes them fraud. `hidden`: the other part."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        seen = self.random.normal(0, 1.5, ROWS)
        self.hidden = self.random.normal(0, 1, ROWS)
        log_odds = -6 + 1.5 * seen + self.hidden
        labels = self.random.random(ROWS) < 1 / (1 + np.exp(-log_odds))
        folds = np.arange(ROWS) * 4 // (ROWS // 2)
        self.examples = OutOfFold(1.5 * seen - 6, labels, np.ones(ROWS, np.float32), folds)

    def noisy_rules(self, count: int) -> Matches:
        """Rules of any share: random, redundant with the margin, or better at genuine transactions."""
        columns = []
        for number in range(count):
            share = self.random.uniform(0.0005, 0.4)
            if number % 3 == 0:
                columns.append(self.random.random(ROWS) < share)
            elif number % 3 == 1:
                shifted = self.examples.margins + self.random.normal(0, 3, ROWS)
                columns.append(shifted > np.quantile(shifted, 1 - share))
            else:
                shifted = -self.examples.margins + self.random.normal(0, 3, ROWS)
                columns.append(shifted > np.quantile(shifted, 1 - share))
        return np.column_stack(columns)


def _measure(world: World, matches: Matches) -> tuple[float, float]:
    """Average precision on the later half without and with the rules, learned on the earlier half."""
    earlier = np.arange(ROWS) < ROWS // 2
    calibration = learn_evidence(world.examples.select(earlier), matches[earlier])
    later = world.examples.select(~earlier)
    joint = joint_probabilities(later, matches[~earlier], calibration)
    return (
        float(average_precision_score(later.labels, later.margins)),
        float(average_precision_score(later.labels, joint)),
    )


@pytest.mark.parametrize("seed", range(8))
def test_noisy_rules_do_not_lower_average_precision(seed: int) -> None:
    world = World(seed)
    without, joint = _measure(world, world.noisy_rules(24))
    assert joint >= without - 0.005


def test_rule_that_knows_more_than_the_margin_raises_average_precision() -> None:
    world = World(1)
    without, joint = _measure(world, (world.hidden > 1.5)[:, None])
    assert joint > without + 0.01


def test_noisy_rules_get_no_evidence_beside_a_good_one() -> None:
    world = World(2)
    noise = world.random.random((ROWS, 10)) < 0.16
    calibration = learn_evidence(world.examples, np.column_stack([world.hidden > 1.5, noise]))
    assert calibration.evidence[0] > 0.3
    assert calibration.evidence[1:] == [0.0] * 10


def _good_matches(world: World, recall: float = 0.5, false_share: float = 0.005) -> Matches:
    """A rule that finds a part of the frauds, whatever the margin."""
    labels = world.examples.labels
    return world.random.random(ROWS) < np.where(labels, recall, false_share)


def _random_matches(world: World, share: float) -> Matches:
    return world.random.random(ROWS) < share


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("false_share", [0.001, 0.02, 0.3])
def test_good_rule_that_stops_to_work_after_training_does_little_harm(seed: int, false_share: float) -> None:
    world = World(seed)
    good = _good_matches(world, 0.7, false_share)
    earlier = np.arange(ROWS) < ROWS // 2
    later = _random_matches(world, float(good[earlier].mean()))
    without, joint = _measure(world, np.where(earlier, good, later)[:, None])
    assert joint >= without - 0.005


def test_good_rule_that_keeps_working_raises_average_precision() -> None:
    world = World(5)
    without, joint = _measure(world, _good_matches(world)[:, None])
    assert joint > without + 0.02


def test_rule_that_stopped_to_work_on_the_latest_training_days_gets_no_evidence() -> None:
    world = World(6)
    good = _good_matches(world)
    is_latest = world.examples.folds == world.examples.folds.max()
    matches = np.where(is_latest, _random_matches(world, float(good.mean())), good)
    assert learn_evidence(world.examples, matches[:, None]).evidence == [0.0]


def test_rule_that_worked_on_a_few_days_only_gets_no_evidence() -> None:
    world = World(7)
    few_days = np.arange(ROWS) // (ROWS // 24) == 3
    matches = _good_matches(world, 0.9) & (few_days | ~world.examples.labels)
    assert learn_evidence(world.examples, matches[:, None]).evidence == [0.0]


def test_rule_without_frauds_in_a_part_of_the_training_days_gets_no_evidence() -> None:
    world = World(7)
    exact = _good_matches(world, 0.7, false_share=0)
    is_without = world.examples.folds == world.examples.folds.max()
    assert learn_evidence(world.examples, exact[:, None]).evidence[0] > 0.5
    assert learn_evidence(world.examples, (exact & ~is_without)[:, None]).evidence == [0.0]


def test_copies_of_a_good_rule_together_do_not_count_more_than_one() -> None:
    world = World(8)
    good = _good_matches(world)[:, None]
    one, five = (learn_evidence(world.examples, np.repeat(good, count, axis=1)) for count in (1, 5))
    assert sum(five.evidence) <= 1.1 * one.evidence[0]


def test_rule_with_few_matches_gets_no_evidence() -> None:
    world = World(3)
    matches = np.zeros((ROWS, 1), np.bool_)
    matches[np.flatnonzero(world.examples.labels)[:4]] = True
    assert learn_evidence(world.examples, matches).evidence == [0.0]


def test_probabilities_stay_calibrated_with_evidence() -> None:
    world = World(4)
    matches = (world.hidden > 1.0)[:, None]
    calibration = learn_evidence(world.examples, matches)
    expected = joint_probabilities(world.examples, matches, calibration).sum()
    assert expected == pytest.approx(world.examples.labels.sum(), rel=0.05)
