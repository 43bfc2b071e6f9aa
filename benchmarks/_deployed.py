"""Detection as deployed: features of a replay, a trained artifact, and scores by the code of the function."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.base import clone

from benchmarks._handbook import BASELINES
from benchmarks._protocol import DELAY_DAYS, Days, Floats, History, Indices
from detection.data.columns import LabelledTransaction, batch_rows
from detection.evaluation.batch_model import build_batch_model
from detection.replay.replay import cut_batches, replay_batches
from detection.rules.rule_file import read_rules
from detection.training.examples import gather_examples
from detection.training.train import TrainingOptions, train_on_examples
from functions.common.domain.features import FEATURE_NAMES
from functions.common.domain.time_buckets import DAY_MS
from functions.common.domain.transaction import REFUND
from functions.fraud.scoring.model import FraudModel
from functions.fraud.scoring.reasons import to_probability
from functions.fraud.scoring.scorer import Scorer

RULES = Path(__file__).parents[1] / "stacks/processing/rules.yaml"
_BATCH_ROWS = 4096


class Replay(NamedTuple):
    """The transactions from a day on, without refunds, with their features.

    The index of the first one among all transactions is `begin`.
    """

    begin: int
    transactions: list[LabelledTransaction]
    values: Floats
    start_ms: int


class DeployedScores(NamedTuple):
    """Scores of the tested transactions: `both` is the decision's score with rules and model."""

    both: Floats
    model: Floats
    rules: Floats


def replay_features(rows: Iterable[LabelledTransaction], days: Days, start_ms: int) -> Replay:
    """The features of the transactions of these days. `start_ms` is the start of day 0."""
    begin_ms, end_ms = (start_ms + day * DAY_MS for day in days)
    transactions: list[LabelledTransaction] = []
    values, begin = [np.empty((0, len(FEATURE_NAMES)))], 0
    replayed = replay_batches(
        cut_batches(batch_rows(rows), end_ms),
        label_delay_ms=DELAY_DAYS * DAY_MS,
        label_delay_days=DELAY_DAYS,
        from_ms=begin_ms,
    )
    for featured in replayed:
        earlier = featured.batch.filter(featured.batch.times_ms < begin_ms)
        begin += len(earlier) - earlier.count("type", REFUND)
        transactions += featured.batch.take(np.flatnonzero(featured.is_scored)).rows()
        values.append(featured.values[featured.is_scored])
    return Replay(begin, transactions, np.concatenate(values), start_ms)


def train_model(history: History, replay: Replay, days: Days) -> FraudModel:
    """Train a model on these days, and read it from its artifact as the function does."""
    indices = history.select_days(days)
    rules = read_rules(RULES)
    positions = indices - replay.begin
    labelled = (replay.transactions[position] for position in positions.tolist())
    [batch] = batch_rows(labelled, len(positions))
    featured = [(batch, replay.values[positions])]
    examples = gather_examples(featured, period=f"of days {days[0]} to {days[1] - 1}", rules=rules)
    begin, end = (replay.start_ms + day * DAY_MS for day in days)
    options = TrainingOptions(from_ms=begin, to_ms=end, rules_version=rules.version)
    return FraudModel.from_json(train_on_examples(examples, options))


def score_deployed(replay: Replay, model: FraudModel, indices: Indices) -> DeployedScores:
    """The scores of these transactions, by the code of the function."""
    scorer = Scorer(read_rules(RULES), model)
    # A batch has the same log-odds as the function, bit for bit, in less time.
    batch_model = build_batch_model(model)
    both, model_alone, rules_alone = [], [], []
    positions = indices - replay.begin
    for begin in range(0, len(positions), _BATCH_ROWS):
        batch = positions[begin : begin + _BATCH_ROWS]
        values = replay.values[batch]
        log_odds = batch_model.log_odds(values).tolist()
        for position, row, odds in zip(batch.tolist(), values.tolist(), log_odds, strict=True):
            transaction = replay.transactions[position].transaction
            result = scorer.score(transaction, row, None, transaction.timestamp, log_odds=odds)
            both.append(result.score)
            rules_alone.append(result.rules_score)
            model_alone.append(to_probability(odds))
    return DeployedScores(np.array(both), np.array(model_alone), np.array(rules_alone))


def score_plain_xgboost(history: History, replay: Replay, train: Days, indices: Indices) -> dict[str, Floats]:
    """Scores by plain calls of XGBoost on the features of the function, by the name of the call."""
    training = history.select_days(train)
    values = replay.values.astype(np.float32)
    scores = {}
    for model in BASELINES["XGBoost"]:
        fitted = clone(model).fit(values[training - replay.begin], history.frauds[training])
        name = f"depth {model.max_depth}, rate {model.learning_rate}"
        scores[name] = fitted.predict_proba(values[indices - replay.begin])[:, 1].astype(float)
    return scores
