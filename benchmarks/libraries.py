"""Our own code against the library that could replace it: rows per second, peak memory and import time.

The comparisons are those of docs/dependencies.md. Each runs in a process of its own, on one core.
"""

import csv
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sized
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import xgboost
from numpy.typing import NDArray
from sklearn import metrics

from detection.data.dataset import Dataset
from detection.data.table_file import open_table
from detection.evaluation.batch_model import build_batch_model
from detection.evaluation.curves import ScoreHistogram
from detection.training import xgboost_trees
from detection.training.calibration import Calibration
from detection.training.recipe import DEFAULT, BoosterSize
from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION
from functions.fraud.scoring.model import ARTIFACT_FORMAT, Artifact, FraudModel

ROOT = Path(__file__).parents[1]
SIZE = ("--world", "handbook", "--customers", "2500", "--terminals", "5000", "--days", "70")
RUNS = 3
BATCH_ROWS = 4096
_ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_LIBRARIES = ("pyarrow.csv", "sklearn.metrics", "xgboost")

Measurement = Callable[[Path, int], Callable[[], object]]
"""Takes a CSV file and its number of rows, and returns the function to measure, which processes all rows."""


def read_csv_ours(path: Path, _rows: int) -> Callable[[], object]:
    return lambda: sum(len(batch.numbers) for batch in open_table(path).batches())


def read_csv_csv(path: Path, _rows: int) -> Callable[[], object]:
    def read() -> int:
        with path.open(encoding="utf-8", newline="") as stream:
            return sum(1 for _ in csv.reader(stream))

    return read


def check_duplicates_ours(path: Path, _rows: int) -> Callable[[], object]:
    return Dataset(path).check


def check_duplicates_pyarrow(path: Path, _rows: int) -> Callable[[], object]:
    def check() -> int:
        ids = pyarrow.array(row.transaction.transaction_id for row in Dataset(path).rows())
        return len(ids) - len(ids.unique())

    return check


def areas_ours(_path: Path, rows: int) -> Callable[[], object]:
    scores, frauds = _random_scores(rows)

    def measure() -> object:
        histogram = ScoreHistogram()
        for batch in _batches(rows):
            histogram.add(scores[batch], frauds[batch])
        return histogram.auc_roc(), histogram.average_precision(), histogram.precision_recall()

    return measure


def areas_sklearn(_path: Path, rows: int) -> Callable[[], object]:
    scores, frauds = _random_scores(rows)
    return lambda: (
        metrics.roc_auc_score(frauds, scores),
        metrics.average_precision_score(frauds, scores),
        metrics.precision_recall_curve(frauds, scores),
    )


def log_odds_ours(_path: Path, rows: int) -> Callable[[], object]:
    booster, values = _random_booster(rows)
    base, trees = xgboost_trees.convert_trees([booster], Calibration(1.0, 0.0))
    artifact = Artifact(
        format=ARTIFACT_FORMAT,
        features_version=FEATURES_VERSION,
        features=list(FEATURE_NAMES),
        label_delay_days=7,
        base=base,
        trees=trees,
        rules=[],
        threshold=0.5,
        card={},
    )
    predict = build_batch_model(FraudModel(artifact, "benchmark")).log_odds
    return lambda: sum(len(predict(values[batch])) for batch in _batches(rows))


def log_odds_xgboost(_path: Path, rows: int) -> Callable[[], object]:
    booster, values = _random_booster(rows)

    def predict(batch: NDArray[np.float64]) -> Sized:
        leaves: Sized = booster.predict(xgboost.DMatrix(batch, nthread=1), pred_leaf=True)
        return leaves

    return lambda: sum(len(predict(values[batch])) for batch in _batches(rows))


COMPARISONS: tuple[tuple[str, Measurement, Measurement], ...] = (
    ("rows of a CSV file: pyarrow with lines, csv", read_csv_ours, read_csv_csv),
    ("check with duplicate ids: sqlite3, pyarrow", check_duplicates_ours, check_duplicates_pyarrow),
    ("ROC and precision-recall: histogram, scikit-learn", areas_ours, areas_sklearn),
    ("log-odds: numpy, xgboost's leaves", log_odds_ours, log_odds_xgboost),
)
_MEASUREMENTS = {measurement.__name__: measurement for _, *pair in COMPARISONS for measurement in pair}


def main() -> None:
    """Print one line per library and one per comparison."""
    for library in _LIBRARIES:
        print(f"import {library}: {_import_seconds(library):.2f} s")
    with tempfile.TemporaryDirectory(prefix="fraud-bench-") as folder:
        file = f"{folder}/past.csv"
        _run("-m", "invoke", "simulate", "--out", file, *SIZE)
        with Path(file).open("rb") as stream:
            rows = sum(1 for _ in stream) - 1
        for title, *pair in COMPARISONS:
            results = (
                _run("-m", "benchmarks.libraries", measurement.__name__, file, str(rows))
                for measurement in pair
            )
            print(f"{title} ({rows:,} rows): {'; '.join(result.strip() for result in results)}")


def _measure(name: str, path: Path, rows: int) -> None:
    """Print the median speed and the additional peak memory of one measurement."""
    process = _MEASUREMENTS[name](path, rows)
    before_kib, seconds = _peak_kib(), []
    for _ in range(RUNS):
        begin = time.process_time()
        process()
        seconds.append(time.process_time() - begin)
    megabytes = (_peak_kib() - before_kib) / 1024
    print(f"{rows / statistics.median(seconds):,.0f} rows/s and {megabytes:.0f} MB")


def _import_seconds(module: str) -> float:
    code = f"import time; begin = time.process_time(); import {module}; print(time.process_time() - begin)"
    return statistics.median(float(_run("-c", code)) for _ in range(RUNS))


def _run(*arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=_ONE_THREAD, check=True, text=True, stdout=subprocess.PIPE
    ).stdout


def _peak_kib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform == "darwin" else peak


def _batches(rows: int) -> Iterator[slice]:
    return (slice(begin, begin + BATCH_ROWS) for begin in range(0, rows, BATCH_ROWS))


def _random_scores(rows: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    random = np.random.default_rng(1)
    frauds = random.random(rows) < 0.02  # noqa: PLR2004
    return 1 / (1 + np.exp(5 - random.normal(frauds * 3.0, 1.5))), frauds


def _random_booster(rows: int) -> tuple[Any, NDArray[np.float64]]:
    """Trees of the size of a trained model, and features, a tenth of them unknown."""
    random = np.random.default_rng(1)
    values = random.normal(size=(rows, len(FEATURE_NAMES)))
    labels = values[:, 0] + random.normal(size=rows) > 1
    values[random.random(values.shape) < 0.1] = np.nan  # noqa: PLR2004
    sample = slice(50_000)
    sampled, weights = values[sample].astype(np.float32), np.ones(len(labels[sample]), np.float32)
    recipe = DEFAULT._replace(boosters=(BoosterSize(5, 300, 0.1),))
    [booster] = xgboost_trees.grow_boosters(sampled, labels[sample], weights, recipe, 1)
    return booster, values


if __name__ == "__main__":
    if sys.argv[1:]:
        _measure(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
