import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from benchmarks import _detection_steps
from benchmarks._detection_steps import run_baselines, run_ours
from benchmarks._protocol import Protocol, measure_scores
from benchmarks._worlds import HANDBOOK, World
from detection.data.simulation import simulate_columns, simulate_transactions

SIZE = {"customers": 150, "terminals": 150, "days": 40}


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = HANDBOOK._replace(
        protocol=Protocol(train=(22, 29), test=(31, 36), earlier_days=7),
        models={"first": [LogisticRegression(C=1)], "second": [LogisticRegression(C=c) for c in (1e-9, 1)]},
        simulate=lambda seed: simulate_columns(**SIZE, seed=seed),
        iterate_rows=lambda _, seed: simulate_transactions(**SIZE, seed=seed),
    )
    monkeypatch.setitem(_detection_steps.WORLDS, "small", world)
    return world


def test_both_steps_score_the_tested_transactions(small_world: World) -> None:
    baselines, ours = run_baselines("small", 2), run_ours("small", 2, full=False)
    history = small_world.read_history(small_world.simulate(2))
    test = history.select_test(*small_world.protocol[:2])
    assert (ours.tested.accounts == history.accounts[test]).all()
    assert ours.training[0] == len(history.select_days(small_world.protocol.train))
    lengths = {len(scores) for scores in (*baselines.scores.values(), *ours.plain.values(), *ours.scores)}
    assert lengths == {len(test)}
    # Scores of other transactions would not tell frauds from genuine ones.
    assert measure_scores(ours.tested, ours.scores.both).auc > 0.6
    assert measure_scores(ours.tested, baselines.scores["first"]).auc > 0.6
    assert baselines.limit is not None
    assert measure_scores(ours.tested, baselines.limit).auc > 0.6


def test_best_candidate_on_an_earlier_period_is_measured() -> None:
    scores = run_baselines("small", 2).scores
    np.testing.assert_allclose(scores["second"], scores["first"])
