"""Overhead of the orchestration: `invoke deploy` without changes, compared with `pulumi up` of each layer.

Both process every resource: `pulumi up` runs a preview first, `invoke deploy` a refresh. The figures are
medians.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks._clone import Clone, open_clone
from orchestration.layers import LAYERS

RATIO_GOAL = 1.3
RUNS = 3


def main() -> bool:
    """Print one line per figure. Returns True if the goals are reached."""
    with open_clone() as copy:
        copy.run("deploy")
        plain, sequential, parallel = (
            statistics.median(seconds)
            for seconds in zip(*(_measure_round(copy) for _ in range(RUNS)), strict=True)
        )
    print(f"No changes, `pulumi up` of each layer: {plain:.1f} s")
    return all(
        [
            _report("`invoke deploy --parallel 1`", sequential, plain, RATIO_GOAL),
            _report("`invoke deploy`", parallel, plain, 1.0),
        ]
    )


def _measure_round(copy: Clone) -> tuple[float, float, float]:
    return (
        _measure_seconds(lambda: _run_plain_pulumi(copy)),
        _measure_seconds(lambda: copy.run("deploy", "--parallel", "1")),
        _measure_seconds(lambda: copy.run("deploy")),
    )


def _run_plain_pulumi(copy: Clone) -> None:
    for layer in LAYERS:
        subprocess.run(
            [sys.executable, "-m", "benchmarks._plain_pulumi", layer.name],
            cwd=copy.folder, env=copy.variables, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip


def _measure_seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _report(command: str, seconds: float, plain_seconds: float, goal_ratio: float) -> bool:
    ratio = seconds / plain_seconds
    reached = ratio <= goal_ratio
    print(
        f"No changes, {command}: {seconds:.1f} s, {ratio:.2f} times `pulumi up`;"
        f" goal: at most {goal_ratio}; {'ok' if reached else 'missed'}"
    )
    return reached


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
