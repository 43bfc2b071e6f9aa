import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detection.data.columns import LabelledTransaction
from detection.errors import DetectionError
from detection.evaluation import backtest, parallel_scoring
from detection.evaluation.backtest import Backtest, BacktestPeriod
from detection.evaluation.figures import Figures
from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION
from functions.fraud.scoring.model import Artifact, FraudModel, Trees
from functions.fraud.scoring.rules import Rule, RuleSet
from functions.fraud.scoring.scorer import ScoringResult
from tests.unit.detection.evaluation.test_backtest import make_period, make_random_history
from tests.unit.detection.evaluation.test_batch_model import RandomTrees

HISTORY = make_random_history()
RULES = RuleSet(
    threshold=0.5,
    rules=(Rule(id="new", when=["<", "account_count_30d", 2], reason="new", weight=0.6),),
)


def make_artifact(trees: Trees) -> Artifact:
    return Artifact(
        format=2, features_version=FEATURES_VERSION, features=list(FEATURE_NAMES), label_delay_days=7,
        base=0.0, trees=trees, rules=[], threshold=0.3, card={},
    )  # fmt: skip


MODEL = FraudModel(make_artifact(RandomTrees(40, 4).trees), "random")


@pytest.fixture(autouse=True)
def _make_small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtest, "_CHUNK_ROWS", 256)


def run(
    model: FraudModel | None, workers: int, period: BacktestPeriod | None = None
) -> tuple[Figures, list[tuple[LabelledTransaction, ScoringResult]]]:
    decisions: list[tuple[LabelledTransaction, ScoringResult]] = []
    tested = Backtest(RULES, model, period or make_period(), 7, workers)
    return tested.run(HISTORY, lambda *decision: decisions.append(decision)), decisions


@pytest.mark.parametrize("model", [None, MODEL])
def test_result_does_not_depend_on_the_number_of_processes(
    model: FraudModel | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures, decisions = run(model, 2)
    assert len(decisions) == len(HISTORY)
    assert any(result.suspicious and result.reasons for _, result in decisions)
    monkeypatch.delattr(parallel_scoring, "ProcessPoolExecutor")
    assert run(model, 1) == (figures, decisions)


def test_few_transactions_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(parallel_scoring, "ProcessPoolExecutor")
    figures, _ = run(MODEL, 2, make_period("20"))
    assert figures.everything.transactions > 256


def test_memory_holds_a_bounded_number_of_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel_scoring, "_MIN_CHUNKS", 2)
    cut, taken = backtest._cut_chunks, 0

    def count_chunks(*arguments: Any) -> Any:
        nonlocal taken
        for chunk in cut(*arguments):
            taken += 1
            yield chunk

    monkeypatch.setattr(backtest, "_cut_chunks", count_chunks)
    taken_at: list[int] = []
    Backtest(RULES, MODEL, make_period(), 7, 2).run(HISTORY, lambda *_: taken_at.append(taken))
    chunks = np.arange(len(taken_at)) // 256
    assert max(np.array(taken_at) - chunks) <= 2 * parallel_scoring._PENDING_PER_WORKER


class FailingModel(FraudModel):
    """A model that fails in a worker process."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, is_copy=True)

    def log_odds(self, values: Sequence[float]) -> float:
        if hasattr(self, "is_copy"):
            raise DetectionError("The model is too old.", "Train it again.")
        return -1.0


class EndingModel(FailingModel):
    """A model that ends the worker process."""

    def __setstate__(self, _: dict[str, Any]) -> None:
        os._exit(9)


# An unknown value leads to a third branch, so that batches use `log_odds`.
_THREE_BRANCHES = Trees(
    roots=[0], features=[0, -1, -1, -1], thresholds=[1.0, 0.0, 0.0, 0.0], left=[1, 0, 0, 0],
    unknown=[3, 0, 0, 0], values=[0.0, 0.1, 0.2, 0.3],
)  # fmt: skip


def test_error_of_a_worker_is_raised() -> None:
    with pytest.raises(DetectionError) as caught:
        run(FailingModel(make_artifact(_THREE_BRANCHES), "failing"), 2)
    assert caught.value.hint == "Train it again."


def test_end_of_a_worker_is_an_error_with_a_hint() -> None:
    with pytest.raises(DetectionError) as caught:
        run(EndingModel(make_artifact(_THREE_BRANCHES), "ending"), 2)
    assert caught.value.hint


_ENDLESS = """
import numpy as np
from detection.data.columns import batch_rows
from detection.evaluation import parallel_scoring
from functions.common.domain.features import FEATURE_NAMES
from tests.unit.detection.evaluation.test_parallel_scoring import HISTORY, MODEL, RULES

[batch] = batch_rows(HISTORY[:256])
values = np.zeros((len(batch), len(FEATURE_NAMES)))
# "started" is printed before the first result.
parallel_scoring._PENDING_PER_WORKER = 1000

def endless():
    while True:
        # The processes start when so many chunks exist.
        for _ in range(parallel_scoring._MIN_CHUNKS):
            yield parallel_scoring.Chunk(batch, values, [])
        print("started", flush=True)

try:
    list(parallel_scoring.ParallelScorer(RULES, MODEL, 2).score(endless(), explains_model=False))
except KeyboardInterrupt:
    pass
"""


@pytest.mark.parametrize(
    "end", [lambda process: os.killpg(process.pid, signal.SIGINT), subprocess.Popen.kill]
)
def test_interrupted_backtest_leaves_no_process_and_no_traceback(
    end: Callable[[subprocess.Popen[bytes]], None],
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _ENDLESS],
        cwd=Path(__file__).parents[4],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == b"started\n"
        end(process)
        # The output ends when the last process does.
        _, errors = process.communicate(timeout=30)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert b"Traceback" not in errors
