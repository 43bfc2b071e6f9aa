"""Training on a Dask cluster with exported decisions: a cluster of two processes on this machine."""

import math
import os
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xgboost
from sklearn.metrics import roc_auc_score

from functions.common.domain.features import FEATURE_NAMES
from functions.common.domain.time_buckets import DAY_MS
from operations.export.decision_export import ExportPeriod, write_decisions
from orchestration.environments import ROOT
from orchestration.tool_environment import install_tool
from tests.unit.functions.builders import NOW
from tests.unit.operations.export.decided_items import decided_item, make_decision

SCRIPT = ROOT / "tools" / "dask" / "train_trees.py"
RUN_SECONDS = 120


def make_features(is_fraud: bool, rng: random.Random) -> list[float]:
    """Features of which the first one tells fraud from genuine transactions in most cases."""
    others = [math.nan if rng.random() < 0.1 else rng.random() for _ in FEATURE_NAMES[1:]]
    return [rng.gauss(2.0 if is_fraud else 0.0, 1.0), *others]


def export_examples(folder: Path) -> None:
    rng = random.Random(1)  # noqa: S311  # examples, not a secret
    labels = [rng.random() < 0.1 for _ in range(3_000)]
    items = [
        decided_item(
            NOW + number * DAY_MS // 300,
            decision=make_decision(make_features(is_fraud, rng)),
            label="fraud" if is_fraud else "genuine",
        )
        for number, is_fraud in enumerate(labels)
    ]
    write_decisions(items, folder, ExportPeriod(since_ms=0, until_ms=2 * NOW), 7, NOW)


def run_script(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # The script must not depend on this repository's environment.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command: Sequence[str | Path] = [python, SCRIPT, *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )


def test_dask_trains_trees_that_tell_fraud_from_genuine(tmp_path: Path) -> None:
    python = install_tool("dask", "420 MB, 10 seconds")
    export_examples(tmp_path / "decided")
    out = tmp_path / "trees.json"
    completed = run_script(python, str(tmp_path / "decided"), str(out), "--trees", "20")
    assert completed.returncode == 0, completed.stderr
    booster = xgboost.Booster(model_file=out)
    assert tuple(booster.feature_names or ()) == FEATURE_NAMES
    rng = random.Random(2)  # noqa: S311  # as above
    labels = [rng.random() < 0.1 for _ in range(2_000)]
    values = np.array([make_features(is_fraud, rng) for is_fraud in labels], np.float32)
    margins = booster.predict(xgboost.DMatrix(values, feature_names=list(FEATURE_NAMES)), output_margin=True)
    assert roc_auc_score(labels, margins) > 0.85
