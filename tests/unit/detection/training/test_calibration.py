import numpy as np
import pytest

from detection.training.calibration import fit_calibration, fit_joint_calibration


def test_fit_recovers_the_log_odds_of_the_labels() -> None:
    random = np.random.default_rng(1)
    margins = random.normal(-2, 2, 50_000)
    labels = random.random(50_000) < 1 / (1 + np.exp(-margins))
    calibration = fit_calibration(3 * margins + 1, labels)
    assert calibration.slope == pytest.approx(1 / 3, rel=0.05)
    assert calibration.offset == pytest.approx(-1 / 3, abs=0.1)


def test_fit_exists_for_margins_that_separate_the_labels() -> None:
    calibration = fit_calibration(np.array([-5.0, -5.0, 5.0]), np.array([False, False, True]))
    assert 0 < calibration.probabilities(np.array([5.0]))[0] < 1


def test_weights_count_as_repeated_rows() -> None:
    margins, labels = np.array([-2.0, -1.0, 0.5, 1.0]), np.array([False, True, False, True])
    weights = np.array([3, 1, 2, 1], np.float32)
    repeated = weights.astype(int)
    assert fit_calibration(margins, labels, weights) == pytest.approx(
        fit_calibration(np.repeat(margins, repeated), np.repeat(labels, repeated)), abs=1e-4
    )


def test_fit_recovers_the_evidence_of_a_rule() -> None:
    random = np.random.default_rng(2)
    margins, matches = random.normal(-3, 1.5, 60_000), random.random(60_000) < 0.05
    labels = random.random(60_000) < 1 / (1 + np.exp(-(margins + 2 * matches)))
    joint = fit_joint_calibration(margins, labels, None, [np.flatnonzero(matches)])
    assert joint.evidence[0] == pytest.approx(2, abs=0.2)
    assert joint.margin.slope == pytest.approx(1, abs=0.1)


def test_evidence_of_a_rule_that_matches_genuine_transactions_is_zero() -> None:
    random = np.random.default_rng(3)
    margins, matches = random.normal(-3, 1.5, 20_000), random.random(20_000) < 0.3
    labels = random.random(20_000) < 1 / (1 + np.exp(-(margins - 2 * matches)))
    joint = fit_joint_calibration(margins, labels, None, [np.flatnonzero(matches)])
    assert joint.evidence[0] == 0
