"""Detection quality on the public simulation, compared with the models of the Fraud Detection Handbook.

The protocol is the handbook's: 5 000 customers, 10 000 terminals and 183 days; training on days 115 to 121,
labels after 7 days, test on days 129 to 135. Our scores are those of the function's code, with the model read
from its artifact.
"""

import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from benchmarks._handbook import (
    DELAY_DAYS,
    DetectionMetrics,
    Indices,
    measure_scores,
    score_baselines,
    select_days,
    select_test,
)
from detection.data.columns import LabelledTransaction
from detection.data.simulation import START_MS, SimulatedColumns, simulate_columns, simulate_transactions
from detection.history_features import compute_history_features
from detection.rules.rule_file import read_rules
from detection.training.train import Examples, TrainingOptions, train_on_examples
from functions.common.domain.features import FEATURE_NAMES
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.model import FraudModel
from functions.fraud.scoring.reasons import to_probability
from functions.fraud.scoring.scorer import Scorer

Floats = NDArray[np.float64]

RULES = Path(__file__).parents[1] / "stacks/processing/rules.yaml"
SEEDS = (1, 2, 3)
CUSTOMERS, TERMINALS, DAYS = 5_000, 10_000, 183
TRAIN, TEST = (115, 122), (129, 136)
# All days with features of 30 days and labels.
HISTORY = (37, 122)
# Test days of the drift, and the factor of all amounts from the first of these days.
DRIFT, PRICE_FACTOR = (150, 180), Decimal("1.3")
AVERAGE_PRECISION_ABOVE, OTHERS_BELOW = 0.03, 0.005


class ReplayedFeatures(NamedTuple):
    """Features of each transaction (0 before HISTORY), and the rules' scores of the tested transactions."""

    values: NDArray[np.float32]
    rules: Floats


def main() -> bool:
    """Print all figures. Returns True if every seed reaches the goals."""
    reached = [_measure_seed(seed) for seed in SEEDS]
    return all(reached)


def _measure_seed(seed: int) -> bool:
    started = time.monotonic()
    simulation = simulate_columns(customers=CUSTOMERS, terminals=TERMINALS, days=DAYS, seed=seed)
    train, test = select_days(simulation, *TRAIN), select_test(simulation, *TRAIN, *TEST)
    frauds = int((simulation.scenarios[test] > 0).sum())
    print(
        f"Seed {seed}: {len(train):,} training transactions, {len(test):,} test transactions, {frauds} frauds"
    )
    baselines = {
        name: measure_scores(simulation, test, scores)
        for name, scores in score_baselines(simulation, TRAIN, TEST).items()
    }
    for name, metrics in baselines.items():
        _print_metrics(name, metrics)
    replayed = _replay_features(simulation, seed)
    model = _train_model(simulation, replayed, TRAIN)
    probabilities = _predict_probabilities(model, replayed, test)
    ours = measure_scores(simulation, test, probabilities)
    reached = _compare_with_goals(ours, list(baselines.values()))
    _print_metrics(
        "ours, as deployed", ours, ", ".join(f"{goal} {_verdict(ok)}" for goal, ok in reached.items())
    )
    history = _train_model(simulation, replayed, HISTORY)
    _print_metrics(
        "ours, all history", measure_scores(simulation, test, _predict_probabilities(history, replayed, test))
    )
    _print_metrics("rules alone", measure_scores(simulation, test, replayed.rules[test]))
    _print_metrics(
        "rules and model", measure_scores(simulation, test, np.maximum(replayed.rules[test], probabilities))
    )
    drifted = select_test(simulation, *TRAIN, *DRIFT)
    month = f"a month with amounts multiplied by {PRICE_FACTOR}"
    _print_metrics(
        "ours, drift",
        measure_scores(simulation, drifted, _predict_probabilities(model, replayed, drifted)),
        month,
    )
    _print_costs(simulation, test, probabilities, model.threshold)
    print(f"  {time.monotonic() - started:.0f} s", flush=True)
    return all(reached.values())


def _replay_features(simulation: SimulatedColumns, seed: int) -> ReplayedFeatures:
    scorer = Scorer(read_rules(RULES))
    values = np.zeros((len(simulation.seconds), len(FEATURE_NAMES)), np.float32)
    rules = np.zeros(len(simulation.seconds))
    rows = compute_history_features(
        _simulate_drift(seed),
        label_delay_ms=DELAY_DAYS * DAY_MS,
        label_delay_days=DELAY_DAYS,
        from_ms=START_MS + HISTORY[0] * DAY_MS,
    )
    test_ms = [START_MS + day * DAY_MS for day in TEST]
    for index, (labelled, row) in enumerate(rows):
        if row is None:
            continue
        values[index] = row
        timestamp = labelled.transaction.timestamp
        if test_ms[0] <= timestamp < test_ms[1]:
            rules[index] = scorer.score(labelled.transaction, row, None, timestamp).score
    return ReplayedFeatures(values, rules)


def _simulate_drift(seed: int) -> Iterator[LabelledTransaction]:
    """The transactions of the simulation, with higher amounts from the first day of the drift."""
    drift_start_ms = START_MS + DRIFT[0] * DAY_MS
    for labelled in simulate_transactions(customers=CUSTOMERS, terminals=TERMINALS, days=DAYS, seed=seed):
        transaction = labelled.transaction
        if transaction.timestamp < drift_start_ms:
            yield labelled
        else:
            amount = round(transaction.amount * PRICE_FACTOR, 2)
            yield replace(labelled, transaction=replace(transaction, amount=amount))


def _train_model(
    simulation: SimulatedColumns, replayed: ReplayedFeatures, days: tuple[int, int]
) -> FraudModel:
    """Train a model on these days, and read it from its artifact as the function does."""
    indices = select_days(simulation, *days)
    examples = Examples(replayed.values[indices], simulation.scenarios[indices] > 0, simulation.days[indices])
    begin, end = (START_MS + day * DAY_MS for day in days)
    return FraudModel.from_json(train_on_examples(examples, TrainingOptions(from_ms=begin, to_ms=end)))


def _predict_probabilities(model: FraudModel, replayed: ReplayedFeatures, indices: Indices) -> Floats:
    """Probabilities by the code of the function, one transaction at a time."""
    log_odds = (model.log_odds(values) for values in replayed.values[indices].tolist())
    return np.array([to_probability(value) for value in log_odds])


def _compare_with_goals(ours: DetectionMetrics, baselines: list[DetectionMetrics]) -> dict[str, bool]:
    best = DetectionMetrics(*(max(values) for values in zip(*baselines, strict=True)))
    above = DetectionMetrics(*(own - baseline for own, baseline in zip(ours, best, strict=True)))
    return {
        f"AUC {above.auc:+.4f}": above.auc >= -OTHERS_BELOW,
        f"AP {above.average_precision:+.4f}": above.average_precision >= AVERAGE_PRECISION_ABOVE,
        f"CP@100 {above.card_precision:+.4f}": above.card_precision >= -OTHERS_BELOW,
    }


def _print_costs(
    simulation: SimulatedColumns, test: Indices, probabilities: Floats, threshold: float
) -> None:
    """Print the alerts per detected fraud: at the artifact's threshold and at a recall of 50 % and 70 %."""
    frauds = simulation.scenarios[test] > 0
    fraud_scores = np.sort(probabilities[frauds])[::-1]
    for recall in (None, 0.5, 0.7):
        minimum = threshold if recall is None else fraud_scores[int(recall * len(fraud_scores))]
        flagged = probabilities >= minimum
        detected = int((flagged & frauds).sum())
        alerts_per_day = flagged.sum() / (TEST[1] - TEST[0])
        print(
            f"  threshold {minimum:.4f}: {alerts_per_day:.0f} alerts per day,"
            f" {detected / frauds.sum():.0%} of the frauds detected,"
            f" {flagged.sum() / max(detected, 1):.2f} alerts per detected fraud"
        )


def _print_metrics(name: str, metrics: DetectionMetrics, more: str = "") -> None:
    print(f"  {name:<22}{metrics}  {more}".rstrip(), flush=True)


def _verdict(reached: bool) -> str:
    return "ok" if reached else "missed"


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
