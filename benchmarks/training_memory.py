"""Peak memory of training for each row of exported decisions, and for 100 million rows.

Training keeps every fraud and at most MAX_GENUINE genuine transactions, so memory grows with the kept rows
only. The slope is measured where all rows are kept. One more run has more rows than training keeps. The
recipe is not chosen and has few trees, which saves time: the choice uses a sample, and trees are small.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
import pyarrow
from pyarrow import parquet

from cli.models.training_data import open_training_data
from detection.data.dates import format_day
from detection.rules.rule_file import read_rules
from detection.training import train
from detection.training.decided_schema import day_file, make_schema
from detection.training.recipe import DEFAULT, BoosterSize, Choice
from detection.training.sampling import MAX_GENUINE
from functions.common.domain.features import FEATURE_NAMES
from functions.common.domain.time_buckets import DAY_MS
from orchestration.rules_file import find_rules_file

ROOT = Path(__file__).parents[1]
GOAL_GB = 16.0
GOAL_ROWS = 100_000_000
SIZES = (250_000, 1_000_000, MAX_GENUINE)
BEYOND = MAX_GENUINE + 1_000_000
FRAUD_RATE = 0.005
TREES = 10
_FIRST_DAY, _DAYS = 20_600, 20
_GB = 10**9


class Run(NamedTuple):
    """One training: the rows in the files, processor seconds and peak memory in bytes."""

    rows: int
    seconds: float
    peak_bytes: int


def main() -> bool:
    """Print one line per size and the extrapolation. Returns True if 100 million rows fit."""
    runs = [_measure(rows) for rows in SIZES]
    beyond = _measure(BEYOND)
    first, last = runs[0], runs[-1]
    slope = (last.peak_bytes - first.peak_bytes) / (last.rows - first.rows)
    fixed = first.peak_bytes - slope * first.rows
    kept = MAX_GENUINE + GOAL_ROWS * FRAUD_RATE
    gigabytes = (fixed + slope * kept) / _GB
    reached = gigabytes <= GOAL_GB
    print(
        f"Slope: {slope:,.0f} bytes a kept row. {GOAL_ROWS:,} rows ({kept:,.0f} kept): {gigabytes:.1f} GB, or"
        f" {(fixed + slope * GOAL_ROWS) / _GB:.0f} GB if all were kept; goal: at most {GOAL_GB:.0f} GB;"
        f" {'ok' if reached else 'missed'}"
    )
    print(f"{beyond.rows - last.rows:,} rows beyond: {(beyond.peak_bytes - last.peak_bytes) / _GB:+.2f} GB.")
    return reached


def _measure(rows: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="fraud-bench-") as folder:
        data = Path(folder) / "decided"
        write_examples(data, rows)
        usage = _run_training(data)
    per_unit = 1 if sys.platform == "darwin" else 1 << 10
    run = Run(rows, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * per_unit)
    print(f"Training, {rows:,} rows: {run.peak_bytes / _GB:.2f} GB in {run.seconds:.0f} processor seconds")
    return run


def write_examples(folder: Path, rows: int) -> None:
    """Write exported decisions with random features. A few features depend on the label."""
    random = np.random.default_rng(1)
    schema = make_schema(7)
    amount = schema.field("amount").type
    for day in range(_FIRST_DAY, _FIRST_DAY + _DAYS):
        count = rows // _DAYS
        is_fraud = random.random(count) < FRAUD_RATE
        # Few digits, so that the files are small.
        values = np.round(random.normal(size=(len(FEATURE_NAMES), count)) + 0.5 * is_fraud, 2)
        columns = {
            "timestamp": day * DAY_MS + np.sort(random.integers(0, DAY_MS, count)),
            "account": [f"account#{number}" for number in random.integers(0, 5_000, count)],
            "merchant": ["merchant#1"] * count,
            "amount": pyarrow.array(random.integers(1, 500, count).astype(float)).cast(amount),
            "currency": ["EUR"] * count,
            "is_fraud": is_fraud,
            "score": np.zeros(count),
            "suspicious": np.zeros(count, np.bool_),
            **dict.fromkeys(("decided_by", "rules", "model"), [""] * count),
            **dict.fromkeys(("reasons", "shadow_rules"), [[]] * count),
            "label_delay_days": np.full(count, 7),
            **dict(zip(FEATURE_NAMES, values, strict=True)),
        }
        arrays = [
            pyarrow.array(columns[field.name], field.type)
            if field.name in columns
            else pyarrow.nulls(count, field.type)
            for field in schema
        ]
        file = day_file(folder, format_day(day))
        file.parent.mkdir(parents=True)
        parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=schema), file, compression="zstd")


def _run_training(folder: Path) -> resource.struct_rusage:
    """Train in a process of its own and return its resource usage. Raises CalledProcessError."""
    command = (sys.executable, "-m", "benchmarks.training_memory", str(folder))
    process = subprocess.Popen(command, cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return usage


def _train(folder: Path) -> None:
    few_trees = Choice(DEFAULT._replace(boosters=(BoosterSize(6, TREES, 0.1),)), {}, "")
    data = open_training_data(str(folder), 7, unit="", columns="", timezone="", rejects="")
    options = train.TrainingOptions(from_ms=data.summary.first_ms, to_ms=data.summary.last_ms + 1)
    examples = data.collect(options, read_rules(find_rules_file("", "local")))
    with patch.object(train, "choose_recipe", return_value=few_trees):
        train.train_on_examples(examples, options)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _train(Path(sys.argv[1]))
        sys.exit(0)
    sys.exit(0 if main() else 1)
