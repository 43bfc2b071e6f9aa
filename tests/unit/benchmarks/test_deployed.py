import numpy as np
import pytest

from benchmarks._deployed import Replay, replay_features, score_deployed, train_model
from benchmarks._handbook import read_history
from benchmarks._protocol import History
from detection.data import payment_simulation, simulation
from detection.data.payment_simulation import iterate_payments, simulate_payment_columns
from detection.data.simulation import simulate_columns, simulate_transactions
from functions.common.domain.features import FEATURE_NAMES
from functions.common.domain.time_buckets import DAY_MS

SIZE = {"customers": 150, "terminals": 150, "days": 30, "seed": 2}
TRAIN, TEST = (18, 25), (25, 28)


@pytest.fixture(scope="module")
def history() -> History:
    return read_history(simulate_columns(**SIZE))


@pytest.fixture(scope="module")
def replay() -> Replay:
    return replay_features(simulate_transactions(**SIZE), (TRAIN[0], TEST[1]), simulation.START_MS)


def test_replay_has_the_transactions_of_its_days(history: History, replay: Replay) -> None:
    begin_ms, end_ms = (simulation.START_MS + day * DAY_MS for day in (TRAIN[0], TEST[1]))
    times = [labelled.transaction.timestamp for labelled in replay.transactions]
    assert begin_ms <= min(times) <= max(times) < end_ms
    assert replay.begin == history.select_days((0, TRAIN[0])).size
    assert replay.values.shape == (len(times), len(FEATURE_NAMES))


def test_replay_leaves_out_refunds() -> None:
    columns = simulate_payment_columns(accounts=200, merchants=100, days=40, seed=1)
    replay = replay_features(iterate_payments(columns, seed=1), (30, 38), payment_simulation.START_MS)
    purchases = columns.select(~columns.is_refund)
    assert purchases.times.size < columns.times.size
    times = [labelled.transaction.timestamp - replay.start_ms for labelled in replay.transactions]
    assert times == purchases.times[replay.begin : replay.begin + len(times)].tolist()


def test_scores_are_those_of_rules_and_model(history: History, replay: Replay) -> None:
    model = train_model(history, replay, TRAIN)
    indices = history.select_days(TEST)
    scores = score_deployed(replay, model, indices)
    assert len(scores.both) == len(scores.model) == len(scores.rules) == len(indices)
    assert np.isin([0.0], scores.rules).all()
    assert ((scores.both >= scores.model) | np.isin(scores.both, (0.0, 1.0))).all()
    row = replay.values[indices[0] - replay.begin].tolist()
    assert scores.model[0] == pytest.approx(1 / (1 + np.exp(-model.log_odds(row))))
