"""The two steps of benchmarks/detection.py for a simulation, which run in processes of their own."""

import time
from typing import NamedTuple

from benchmarks._deployed import (
    DeployedScores,
    Replay,
    replay_features,
    score_deployed,
    score_plain_xgboost,
    train_model,
)
from benchmarks._protocol import Floats, History, Indices, score_baselines
from benchmarks._worlds import ALL_HISTORY, DRIFT, HANDBOOK, WORLDS
from functions.fraud.scoring.model import FraudModel


class BaselineScores(NamedTuple):
    """The scores of the tested transactions by each baseline.

    `limit`: the best score that the simulation allows, None if unknown.
    """

    scores: dict[str, Floats]
    limit: Floats | None
    seconds: float


class OurScores(NamedTuple):
    """The tested transactions, and their scores by our rules and model.

    `plain`: scores by plain calls of XGBoost on our features. `further`: other tests, by name. `seconds` by
    step.
    """

    training: tuple[int, int]
    tested: History
    scores: DeployedScores
    plain: dict[str, Floats]
    threshold: float
    further: dict[str, tuple[History, Floats]]
    seconds: dict[str, float]


def run_baselines(world_name: str, seed: int) -> BaselineScores:
    """Train and score the baselines."""
    started = time.monotonic()
    world = WORLDS[world_name]
    columns = world.simulate(seed)
    values, history = world.compute_features(columns), world.read_history(columns)
    scores = score_baselines(world.models, values, history, world.protocol)
    limit = None
    if world.score_with_knowledge is not None:
        limit = world.score_with_knowledge(
            columns, history.select_test(world.protocol.train, world.protocol.test)
        )
    return BaselineScores(scores, limit, time.monotonic() - started)


def run_ours(world_name: str, seed: int, *, full: bool) -> OurScores:
    """Train and score as deployed. `full`: also with a long history and after a drift, for the handbook."""
    started = time.monotonic()
    world = WORLDS[world_name]
    is_full = full and world is HANDBOOK
    columns = world.simulate(seed)
    history = world.read_history(columns)
    test = history.select_test(world.protocol.train, world.protocol.test)
    days = (world.protocol.train[0], world.protocol.test[1])
    replay = replay_features(
        world.iterate_rows(columns, seed), (ALL_HISTORY[0], DRIFT[1]) if is_full else days, world.start_ms
    )
    replayed = time.monotonic()
    model = train_model(history, replay, world.protocol.train)
    trained = time.monotonic()
    scores = score_deployed(replay, model, test)
    plain = score_plain_xgboost(history, replay, world.protocol.train, test)
    training = history.select_days(world.protocol.train)
    return OurScores(
        training=(len(training), int(history.frauds[training].sum())),
        tested=history.take(test),
        scores=scores,
        plain=plain,
        threshold=model.threshold,
        further=_score_further(history, replay, model, test) if is_full else {},
        seconds={
            "features": replayed - started,
            "training": trained - replayed,
            "scores": time.monotonic() - trained,
        },
    )


def _score_further(
    history: History, replay: Replay, model: FraudModel, test: Indices
) -> dict[str, tuple[History, Floats]]:
    trained_longer = train_model(history, replay, ALL_HISTORY)
    drifted = history.select_test(HANDBOOK.protocol.train, DRIFT)
    return {
        "ours, all history": (history.take(test), score_deployed(replay, trained_longer, test).both),
        "ours, drift": (history.take(drifted), score_deployed(replay, model, drifted).both),
    }
