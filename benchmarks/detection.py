"""How good detection is on the public simulation, against the handbook's own models, by its protocol.

5 000 customers, 10 000 terminals, 183 days; training on days 115 to 121, labels after 7 days, test on days
129 to 135. Ours is scored by the code of the function: its features, and a model read from its artifact.
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

from benchmarks._handbook import DELAY_DAYS, Figures, Places, figures, scored, tested, within
from detection.data.columns import Labelled
from detection.data.dates import DAY_MS
from detection.data.simulation import START_MS, Simulation, columns, simulate
from detection.replay import replay
from detection.rules.rule_file import rules_of
from detection.training.examples import Examples
from detection.training.train import Training, trained
from functions.common.domain.features import NAMES
from functions.fraud.scoring.model import Model
from functions.fraud.scoring.reasons import probability_of
from functions.fraud.scoring.scorer import Scorer

Floats = NDArray[np.float64]

RULES = Path(__file__).parents[1] / "stacks/processing/rules.yaml"
SEEDS = (1, 2, 3)
CUSTOMERS, TERMINALS, DAYS = 5_000, 10_000, 183
TRAIN, TEST = (115, 122), (129, 136)
# All that has features of 30 days and labels.
HISTORY = (37, 122)
# From the first of these days on, everything costs more.
DRIFT, DEARER = (150, 180), Decimal("1.3")
AVERAGE_PRECISION_ABOVE, OTHERS_BELOW = 0.03, 0.005


class Replayed(NamedTuple):
    """Features of each transaction (of the first days: 0), and the rules' score of those that are tested."""

    values: NDArray[np.float32]
    rules: Floats


def main() -> bool:
    """Prints all figures; True if every seed reaches its goals."""
    reached = [_seed(seed) for seed in SEEDS]
    return all(reached)


def _seed(seed: int) -> bool:
    begun = time.monotonic()
    made = columns(customers=CUSTOMERS, terminals=TERMINALS, days=DAYS, seed=seed)
    train, test = within(made, *TRAIN), tested(made, *TRAIN, *TEST)
    frauds = int((made.scenarios[test] > 0).sum())
    print(f"seed {seed}: trained on {len(train):,}, tested on {len(test):,} with {frauds} frauds")
    baselines = {name: figures(made, test, scores) for name, scores in scored(made, TRAIN, TEST).items()}
    for name, found in baselines.items():
        _print(name, found)
    replayed = _replayed(made, seed)
    model = _model(made, replayed, TRAIN)
    probabilities = _probabilities(model, replayed, test)
    ours = figures(made, test, probabilities)
    reached = _reached(ours, list(baselines.values()))
    _print("ours, as deployed", ours, ", ".join(f"{goal} {_word(ok)}" for goal, ok in reached.items()))
    history = _model(made, replayed, HISTORY)
    _print("ours, on all history", figures(made, test, _probabilities(history, replayed, test)))
    _print("rules alone", figures(made, test, replayed.rules[test]))
    _print("rules and model", figures(made, test, np.maximum(replayed.rules[test], probabilities)))
    drifted = tested(made, *TRAIN, *DRIFT)
    month = f"a month in which all costs {DEARER} times as much"
    _print("ours, drifted", figures(made, drifted, _probabilities(model, replayed, drifted)), month)
    _print_costs(made, test, probabilities, model.threshold)
    print(f"  {time.monotonic() - begun:.0f} s", flush=True)
    return all(reached.values())


def _replayed(made: Simulation, seed: int) -> Replayed:
    scorer = Scorer(rules_of(RULES))
    values = np.zeros((len(made.seconds), len(NAMES)), np.float32)
    rules = np.zeros(len(made.seconds))
    rows = replay(
        _rows(seed),
        label_delay_ms=DELAY_DAYS * DAY_MS,
        label_delay_days=DELAY_DAYS,
        from_ms=START_MS + HISTORY[0] * DAY_MS,
    )
    test_ms = [START_MS + day * DAY_MS for day in TEST]
    for place, (labelled, row) in enumerate(rows):
        if row is None:
            continue
        values[place] = row
        timestamp = labelled.transaction.timestamp
        if test_ms[0] <= timestamp < test_ms[1]:
            rules[place] = scorer.score(labelled.transaction, row, None, timestamp).score
    return Replayed(values, rules)


def _rows(seed: int) -> Iterator[Labelled]:
    """The simulation's transactions, dearer from the day on that prices drift."""
    dearer_from = START_MS + DRIFT[0] * DAY_MS
    for labelled in simulate(customers=CUSTOMERS, terminals=TERMINALS, days=DAYS, seed=seed):
        transaction = labelled.transaction
        if transaction.timestamp < dearer_from:
            yield labelled
        else:
            dearer = replace(transaction, amount=round(transaction.amount * DEARER, 2))
            yield replace(labelled, transaction=dearer)


def _model(made: Simulation, replayed: Replayed, days: tuple[int, int]) -> Model:
    """Trained on these days, and read from its artifact as the function reads it."""
    places = within(made, *days)
    learned = Examples(replayed.values[places], made.scenarios[places] > 0, made.days[places])
    begin, end = (START_MS + day * DAY_MS for day in days)
    return Model.from_json(trained(learned, Training(from_ms=begin, to_ms=end)))


def _probabilities(model: Model, replayed: Replayed, places: Places) -> Floats:
    """One transaction after the other, as in the function."""
    log_odds = (model.log_odds(values) for values in replayed.values[places].tolist())
    return np.array([probability_of(one) for one in log_odds])


def _reached(ours: Figures, baselines: list[Figures]) -> dict[str, bool]:
    best = Figures(*(max(values) for values in zip(*baselines, strict=True)))
    above = Figures(*(mine - theirs for mine, theirs in zip(ours, best, strict=True)))
    return {
        f"AUC {above.auc:+.4f}": above.auc >= -OTHERS_BELOW,
        f"AP {above.average_precision:+.4f}": above.average_precision >= AVERAGE_PRECISION_ABOVE,
        f"CP@100 {above.card_precision:+.4f}": above.card_precision >= -OTHERS_BELOW,
    }


def _print_costs(made: Simulation, test: Places, probabilities: Floats, threshold: float) -> None:
    """Alerts per fraud that is caught: at the artifact's threshold, and where half and 70 % are caught."""
    frauds = made.scenarios[test] > 0
    from_the_top = np.sort(probabilities[frauds])[::-1]
    for recall in (None, 0.5, 0.7):
        least = threshold if recall is None else from_the_top[int(recall * len(from_the_top))]
        flagged = probabilities >= least
        caught = int((flagged & frauds).sum())
        a_day = flagged.sum() / (TEST[1] - TEST[0])
        print(
            f"  from a probability of {least:.4f} on: {a_day:.0f} alerts a day,"
            f" {caught / frauds.sum():.0%} of the frauds,"
            f" {flagged.sum() / max(caught, 1):.2f} alerts for each"
        )


def _print(name: str, found: Figures, more: str = "") -> None:
    print(f"  {name:<22}{found}  {more}".rstrip(), flush=True)


def _word(reached: bool) -> str:
    return "ok" if reached else "missed"


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
