"""Detection quality on two simulations, compared with models that a good data scientist would build.

The protocol of the first is that of the Fraud Detection Handbook: 5 000 customers, 10 000 terminals and 183
days; training on days 115 to 121, labels after 7 days, test on days 129 to 135. The second one is our own
simulation of payments: training on four weeks, test on the four weeks after the delay of labels.

Our scores are those of the function's code for the artifact and the rules as deployed.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace
from sklearn.metrics import average_precision_score

from benchmarks import _handbook, _payments_baselines
from benchmarks._deployed import (
    DeployedScores,
    Replay,
    replay_features,
    score_deployed,
    score_plain_xgboost,
    train_model,
)
from benchmarks._protocol import (
    ALERTS_PER_DAY,
    Days,
    DetectionMetrics,
    Floats,
    History,
    Indices,
    Protocol,
    calibration_error,
    measure_alerts,
    measure_scores,
    score_baselines,
)
from detection.data import payment_simulation, simulation
from detection.data.columns import LabelledTransaction
from detection.data.payment_simulation import iterate_payments, simulate_payment_columns
from detection.data.simulation import simulate_columns, simulate_transactions
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.model import FraudModel

# The second simulation is larger, and its test four times as long.
SEEDS = {"handbook": (1, 2, 3), "payments": (1,)}
AVERAGE_PRECISION_ABOVE, OTHERS_BELOW = 0.05, 0.005
MIN_RECALL, MAX_CALIBRATION_ERROR = 0.8, 0.01
# Nothing in the data tells these frauds from genuine transactions.
UNDETECTABLE = "friendly_fraud"

CUSTOMERS, TERMINALS, HANDBOOK_DAYS = 5_000, 10_000, 183
HANDBOOK = Protocol(train=(115, 122), test=(129, 136), earlier_days=14)
# With --full: all days with features of 30 days and labels, and a month of higher amounts.
ALL_HISTORY: Days = (37, 122)
DRIFT: Days = (150, 180)
PRICE_FACTOR = Decimal("1.3")

ACCOUNTS, MERCHANTS, PAYMENT_DAYS = 5_000, 3_000, 180
PAYMENTS = Protocol(train=(98, 126), test=(133, 161), earlier_days=28)


class Case(NamedTuple):
    """One simulation: its transactions as columns, the tested ones, and the scores of the baselines."""

    history: History
    protocol: Protocol
    test: Indices
    baselines: dict[str, Floats]

    def measure(self, scores: Floats) -> DetectionMetrics:
        return measure_scores(self.history, self.test, scores)


def main(arguments: list[str]) -> bool:
    """Print all figures. Returns True if all goals are reached."""
    options = _parse_options(arguments)
    started = time.monotonic()
    reached = [
        _MEASURES[world](seed, full=options.full)
        for world in options.worlds
        for seed in options.seeds or SEEDS[world]
    ]
    print(f"{time.monotonic() - started:.0f} s in all", flush=True)
    return all(reached)


def _parse_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description="Measure detection.")
    parser.add_argument("--worlds", nargs="+", choices=tuple(SEEDS), default=tuple(SEEDS))
    parser.add_argument("--seeds", nargs="+", type=int)
    parser.add_argument("--quick", action="store_const", const=(1,), dest="seeds", help="use one seed")
    parser.add_argument("--full", action="store_true", help="add a long history and a drift to the handbook")
    return parser.parse_args(arguments)


def _measure_handbook(seed: int, *, full: bool) -> bool:
    clock = _Clock()
    size = {"customers": CUSTOMERS, "terminals": TERMINALS, "days": HANDBOOK_DAYS, "seed": seed}
    columns = simulate_columns(**size)
    history = _handbook.read_history(columns)
    test = history.select_test(HANDBOOK.train, HANDBOOK.test)
    _print_title("Handbook", seed, history, HANDBOOK, test)
    values = _handbook.handbook_features(columns)
    case = Case(history, HANDBOOK, test, score_baselines(_handbook.BASELINES, values, history, HANDBOOK))
    _print_baselines(case)
    clock.lap("baselines")
    days = (ALL_HISTORY[0], DRIFT[1]) if full else (HANDBOOK.train[0], HANDBOOK.test[1])
    replay = replay_features(_raise_prices(simulate_transactions(**size)), days, simulation.START_MS)
    clock.lap("features")
    model = train_model(history, replay, HANDBOOK.train)
    clock.lap("training")
    scores = score_deployed(replay, model, test)
    reached = _print_figures(case, scores)
    _print_plain_xgboost(case, scores, replay)
    _print_costs(case, scores.both, model.threshold)
    if full:
        _print_more_of_handbook(history, replay, model, test)
    clock.lap("scores")
    print(f"  {clock}", flush=True)
    return reached


def _measure_payments(seed: int, *, full: bool) -> bool:
    del full
    clock = _Clock()
    columns = simulate_payment_columns(accounts=ACCOUNTS, merchants=MERCHANTS, days=PAYMENT_DAYS, seed=seed)
    purchases = columns.select(~columns.is_refund)
    history = _payments_baselines.read_history(purchases)
    test = history.select_test(PAYMENTS.train, PAYMENTS.test)
    _print_title("Payments", seed, history, PAYMENTS, test)
    values = _payments_baselines.payment_features(purchases)
    case = Case(
        history, PAYMENTS, test, score_baselines(_payments_baselines.MODELS, values, history, PAYMENTS)
    )
    _print_baselines(case)
    clock.lap("baselines")
    replay = replay_features(
        iterate_payments(columns, seed=seed),
        (PAYMENTS.train[0], PAYMENTS.test[1]),
        payment_simulation.START_MS,
    )
    clock.lap("features")
    model = train_model(history, replay, PAYMENTS.train)
    clock.lap("training")
    scores = score_deployed(replay, model, test)
    reached = _print_figures(case, scores)
    reached &= _print_alerts(case, scores.both)
    reached &= _print_plain_xgboost(case, scores, replay)
    _print_costs(case, scores.both, model.threshold)
    clock.lap("scores")
    print(f"  {clock}", flush=True)
    return reached


_MEASURES = {"handbook": _measure_handbook, "payments": _measure_payments}


class _Clock:
    """Measures the seconds of each step."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._laps: list[str] = []

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self._laps.append(f"{name} {now - self._started:.0f} s")
        self._started = now

    def __str__(self) -> str:
        return ", ".join(self._laps)


def _raise_prices(rows: Iterator[LabelledTransaction]) -> Iterator[LabelledTransaction]:
    """The transactions, with higher amounts from the first day of the drift."""
    drift_start_ms = simulation.START_MS + DRIFT[0] * DAY_MS
    for labelled in rows:
        transaction = labelled.transaction
        if transaction.timestamp < drift_start_ms:
            yield labelled
        else:
            amount = round(transaction.amount * PRICE_FACTOR, 2)
            yield replace(labelled, transaction=replace(transaction, amount=amount))


def _print_title(world: str, seed: int, history: History, protocol: Protocol, test: Indices) -> None:
    train = history.select_days(protocol.train)
    print(
        f"{world}, seed {seed}: {len(train):,} training transactions with"
        f" {history.frauds[train].sum():,} frauds, {len(test):,} test transactions with"
        f" {history.frauds[test].sum():,} frauds",
        flush=True,
    )


def _print_baselines(case: Case) -> None:
    for name, scores in case.baselines.items():
        _print_metrics(name, case.measure(scores))


def _print_figures(case: Case, scores: DeployedScores) -> bool:
    """Print our metrics. Returns whether they reach the goals."""
    baselines = [case.measure(own) for own in case.baselines.values()]
    ours = case.measure(scores.both)
    best = DetectionMetrics(*(max(values) for values in zip(*baselines, strict=True)))
    above = DetectionMetrics(*(own - other for own, other in zip(ours, best, strict=True)))
    goals = {
        f"AUC {above.auc:+.4f}": above.auc >= -OTHERS_BELOW,
        f"AP {above.average_precision:+.4f}": above.average_precision >= AVERAGE_PRECISION_ABOVE,
        f"CP@100 {above.card_precision:+.4f}": above.card_precision >= -OTHERS_BELOW,
    }
    _print_metrics("ours, as deployed", ours, _describe_goals(goals))
    _print_metrics("model alone", case.measure(scores.model))
    _print_metrics("rules alone", case.measure(scores.rules))
    return all(goals.values())


def _print_alerts(case: Case, ours: Floats) -> bool:
    """Print recall by kind, detected value and calibration. Returns whether ours reach the goals."""
    alerts = measure_alerts(case.history, case.test, ours)
    others = {
        name: measure_alerts(case.history, case.test, scores) for name, scores in case.baselines.items()
    }
    print(f"  Recall at {ALERTS_PER_DAY} alerts a day; goal: at least {MIN_RECALL}, without {UNDETECTABLE}")
    kinds = [kind for kind in alerts.recall_by_kind if kind != UNDETECTABLE]
    for kind, recall in alerts.recall_by_kind.items():
        frauds = int((case.history.kinds[case.test] == kind).sum())
        verdict = _verdict(recall >= MIN_RECALL) if kind in kinds else ""
        best = max(other.recall_by_kind[kind] for other in others.values())
        print(f"    {kind:<20}{recall:.3f}  of {frauds:>4}  best baseline {best:.3f}  {verdict}".rstrip())
    best_value = max(other.value_share for other in others.values())
    error = calibration_error(case.history.frauds[case.test], ours)
    goals = {
        f"value detected {alerts.value_share:.3f}, best baseline {best_value:.3f}": (
            alerts.value_share >= best_value
        ),
        f"expected calibration error {error:.4f}": error <= MAX_CALIBRATION_ERROR,
    }
    print(f"  {_describe_goals(goals)}", flush=True)
    return all(goals.values()) and all(alerts.recall_by_kind[kind] >= MIN_RECALL for kind in kinds)


def _print_plain_xgboost(case: Case, scores: DeployedScores, replay: Replay) -> bool:
    """Print plain calls of XGBoost on our features. Returns whether ours is not worse than the best one."""
    frauds = case.history.frauds[case.test]
    ours = float(average_precision_score(frauds, scores.both))
    plain = {
        name: float(average_precision_score(frauds, own))
        for name, own in score_plain_xgboost(case.history, replay, case.protocol.train, case.test).items()
    }
    figures = ", ".join(f"{value:.4f} ({name})" for name, value in plain.items())
    reached = ours >= max(plain.values()) - OTHERS_BELOW
    print(
        f"  AP of plain XGBoost on our features: {figures}; ours {ours:.4f} {_verdict(reached)}", flush=True
    )
    return reached


def _print_costs(case: Case, scores: Floats, threshold: float) -> None:
    """Print the alerts per detected fraud: at the artifact's threshold and at a recall of 50 % and 70 %."""
    frauds = case.history.frauds[case.test]
    fraud_scores = np.sort(scores[frauds])[::-1]
    days = case.protocol.test[1] - case.protocol.test[0]
    for recall in (None, 0.5, 0.7):
        minimum = threshold if recall is None else fraud_scores[int(recall * len(fraud_scores))]
        flagged = scores >= minimum
        detected = int((flagged & frauds).sum())
        print(
            f"  threshold {minimum:.4f}: {flagged.sum() / days:.0f} alerts a day,"
            f" {detected / frauds.sum():.0%} of the frauds detected,"
            f" {flagged.sum() / max(detected, 1):.2f} alerts per detected fraud"
        )


def _print_more_of_handbook(history: History, replay: Replay, model: FraudModel, test: Indices) -> None:
    trained_longer = train_model(history, replay, ALL_HISTORY)
    scores = score_deployed(replay, trained_longer, test)
    _print_metrics("ours, all history", measure_scores(history, test, scores.both))
    drifted = history.select_test(HANDBOOK.train, DRIFT)
    scores = score_deployed(replay, model, drifted)
    month = f"a month with amounts multiplied by {PRICE_FACTOR}"
    _print_metrics("ours, drift", measure_scores(history, drifted, scores.both), month)


def _print_metrics(name: str, metrics: DetectionMetrics, more: str = "") -> None:
    print(f"  {name:<22}{metrics}  {more}".rstrip(), flush=True)


def _describe_goals(goals: dict[str, bool]) -> str:
    return ", ".join(f"{goal} {_verdict(reached)}" for goal, reached in goals.items())


def _verdict(reached: bool | np.bool_) -> str:
    return "ok" if reached else "missed"


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
