"""Detection quality on two simulations, compared with models that a good data scientist would build.

The protocol of the first is that of the Fraud Detection Handbook: 5 000 customers, 10 000 terminals and 183
days; training on days 115 to 121, labels after 7 days, test on days 129 to 135. The second one is our own
simulation of payments: training on four weeks, test on the four weeks after the delay of labels.

Our scores are those of the function's code for the artifact and the rules as deployed. Simulations, seeds,
baselines and ours run in parallel processes, one for each processor. The goals apply to all seeds together.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import NamedTuple

import numpy as np
from sklearn.metrics import average_precision_score

from benchmarks._detection_goals import AlertFigures, SeedFigures, measure_goals
from benchmarks._detection_steps import BaselineScores, OurScores, run_baselines, run_ours
from benchmarks._protocol import (
    ALERTS_PER_DAY,
    DetectionMetrics,
    Floats,
    calibration_error,
    measure_alerts,
    measure_scores,
)
from benchmarks._worlds import PRICE_FACTOR, WORLDS, World

SEEDS = (1, 2, 3)
# More threads than processors are slower.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Case(NamedTuple):
    """A simulation with one seed, and the scores of its tested transactions."""

    world: World
    seed: int
    baselines: BaselineScores
    ours: OurScores


def main(arguments: list[str]) -> bool:
    """Print all figures. Returns True if all goals are reached."""
    options = _parse_options(arguments)
    started = time.monotonic()
    figures: dict[str, list[SeedFigures]] = {}
    for case in _run_cases(options):
        figures.setdefault(case.world.name, []).append(_print_case(case))
    reached = [_print_goals(world, seeds) for world, seeds in figures.items()]
    print(f"{time.monotonic() - started:.0f} s in all", flush=True)
    return all(reached)


def _parse_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description="Measure detection.")
    parser.add_argument("--worlds", nargs="+", choices=tuple(WORLDS), default=tuple(WORLDS))
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--quick", action="store_const", const=(1,), dest="seeds", help="use one seed")
    parser.add_argument("--full", action="store_true", help="add a long history and a drift to the handbook")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="run so many at a time")
    return parser.parse_args(arguments)


def _run_cases(options: argparse.Namespace) -> Iterator[Case]:
    """The cases in their order, when their steps are done."""
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    # The processes are new ones: libraries read the variables when they are loaded.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.processes, mp_context=context) as processes:
        steps: list[tuple[str, int, Future[BaselineScores], Future[OurScores]]] = [
            (
                world,
                seed,
                processes.submit(run_baselines, world, seed),
                processes.submit(run_ours, world, seed, full=options.full),
            )
            for world in options.worlds
            for seed in options.seeds
        ]
        try:
            for world, seed, baselines, ours in steps:
                yield Case(WORLDS[world], seed, baselines.result(), ours.result())
        finally:
            processes.shutdown(cancel_futures=True)


def _print_goals(world: str, seeds: list[SeedFigures]) -> bool:
    """Print the goals of a simulation. Returns whether all are reached."""
    goals = measure_goals(seeds)
    print(f"{world}, all seeds ({len(seeds)}):")
    for goal in goals:
        verdict = "ok" if goal.is_reached else "missed"
        print(f"  {goal.name:<40}{goal.figure:>9.4f}  goal {goal.limit:>7.4f}  {verdict}")
    return all(goal.is_reached for goal in goals)


def _print_case(case: Case) -> SeedFigures:
    """Print and return all figures of a case."""
    tested = case.ours.tested
    transactions, frauds = case.ours.training
    print(
        f"{case.world.name}, seed {case.seed}: {transactions:,} training transactions with {frauds:,} frauds,"
        f" {len(tested.days):,} test transactions with {tested.frauds.sum():,} frauds"
    )
    for name, scores in case.baselines.scores.items():
        _print_metrics(name, measure_scores(tested, scores))
    figures = SeedFigures(
        above=_print_figures(case),
        alerts=_print_alerts(case) if case.world.has_kinds else None,
        above_plain=_print_plain_xgboost(case),
    )
    _print_costs(case)
    for name, (further, scores) in case.ours.further.items():
        more = f"amounts multiplied by {PRICE_FACTOR}" if name.endswith("drift") else ""
        _print_metrics(name, measure_scores(further, scores), more)
    seconds = {"baselines": case.baselines.seconds, **case.ours.seconds}
    print("  " + ", ".join(f"{name} {value:.0f} s" for name, value in seconds.items()), flush=True)
    return figures


def _print_figures(case: Case) -> DetectionMetrics:
    """Print our metrics. Returns them minus those of the best baseline."""
    tested, scores = case.ours.tested, case.ours.scores
    baselines = [measure_scores(tested, own) for own in case.baselines.scores.values()]
    best = DetectionMetrics(*(max(values) for values in zip(*baselines, strict=True)))
    ours = measure_scores(tested, scores.both)
    above = ours.above(best)
    differences = (
        f"AUC {above.auc:+.4f}, AP {above.average_precision:+.4f}, CP@100 {above.card_precision:+.4f}"
    )
    _print_metrics("ours, as deployed", ours, differences)
    if case.baselines.limit is not None:
        limit = measure_scores(tested, case.baselines.limit)
        gain = limit.average_precision - best.average_precision
        _print_metrics(
            "knows the simulation", limit, f"AP {gain:+.4f}: no model can be expected to do better"
        )
    _print_metrics("model alone", measure_scores(tested, scores.model))
    _print_metrics("rules alone", measure_scores(tested, scores.rules))
    return above


def _print_alerts(case: Case) -> AlertFigures:
    """Print and return recall by kind, detected value and calibration."""
    tested, ours = case.ours.tested, case.ours.scores.both
    alerts = measure_alerts(tested, ours)
    others = [measure_alerts(tested, scores) for scores in case.baselines.scores.values()]
    print(f"  Recall at {ALERTS_PER_DAY} alerts a day")
    for kind, frauds in alerts.frauds_by_kind.items():
        best = max(other.recall_by_kind[kind] for other in others)
        print(f"    {kind:<20}{alerts.recall_by_kind[kind]:.3f}  of {frauds:>4}  best baseline {best:.3f}")
    best_value = max(other.value_share for other in others)
    error = calibration_error(tested.frauds, ours)
    print(
        f"  value detected {alerts.value_share:.3f}, best baseline {best_value:.3f};"
        f" expected calibration error {error:.4f}"
    )
    return AlertFigures(
        alerts.frauds_by_kind, alerts.detected_by_kind, alerts.value_share - best_value, error
    )


def _print_plain_xgboost(case: Case) -> float:
    """Print plain calls of XGBoost on our features. Returns our average precision minus the best of them."""
    frauds = case.ours.tested.frauds
    ours = float(average_precision_score(frauds, case.ours.scores.both))
    plain = {name: float(average_precision_score(frauds, own)) for name, own in case.ours.plain.items()}
    figures = ", ".join(f"{value:.4f} ({name})" for name, value in plain.items())
    print(f"  AP of plain XGBoost on our features: {figures}; ours {ours:.4f}")
    return ours - max(plain.values())


def _print_costs(case: Case) -> None:
    """Print the alerts per detected fraud: at the artifact's threshold and at a recall of 50 % and 70 %."""
    frauds, scores = case.ours.tested.frauds, case.ours.scores.both
    fraud_scores: Floats = np.sort(scores[frauds])[::-1]
    first_day, end_day = case.world.protocol.test
    days = end_day - first_day
    for recall in (None, 0.5, 0.7):
        minimum = case.ours.threshold if recall is None else fraud_scores[int(recall * len(fraud_scores))]
        flagged = scores >= minimum
        detected = int((flagged & frauds).sum())
        print(
            f"  threshold {minimum:.4f}: {flagged.sum() / days:.0f} alerts a day,"
            f" {detected / frauds.sum():.0%} of the frauds detected,"
            f" {flagged.sum() / max(detected, 1):.2f} alerts per detected fraud"
        )


def _print_metrics(name: str, metrics: DetectionMetrics, more: str = "") -> None:
    print(f"  {name:<22}{metrics}  {more}".rstrip())


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
