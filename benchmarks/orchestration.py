"""What orchestrating costs: `invoke deploy` of all layers without a change against four `pulumi up` in a row.

Both look at every resource: `pulumi up` by previewing first, `deploy` by refreshing. Each in turn, medians.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from benchmarks._clone import Clone, clone
from orchestration.layers import LAYERS

RATIO_GOAL = 1.3
RUNS = 3


def main() -> bool:
    """Prints a line per figure; True if the goal is reached."""
    with clone() as copy:
        copy.run("deploy")
        by_hand, one_by_one, side_by_side = (
            statistics.median(seconds) for seconds in zip(*(_round(copy) for _ in range(RUNS)), strict=True)
        )
    print(f"no change, `pulumi up` on each layer by hand: {by_hand:.1f} s")
    return all(
        [
            _said("`invoke deploy --parallel 1`", one_by_one, by_hand, RATIO_GOAL),
            _said("`invoke deploy`", side_by_side, by_hand, 1.0),
        ]
    )


def _round(copy: Clone) -> tuple[float, float, float]:
    return (
        _seconds(lambda: _by_hand(copy)),
        _seconds(lambda: copy.run("deploy", "--parallel", "1")),
        _seconds(lambda: copy.run("deploy")),
    )


def _by_hand(copy: Clone) -> None:
    for layer in LAYERS:
        subprocess.run(
            [sys.executable, "-m", "benchmarks._by_hand", layer.name],
            cwd=copy.folder, env=copy.variables, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _said(what: str, seconds: float, by_hand: float, goal: float) -> bool:
    ratio = seconds / by_hand
    reached = ratio <= goal
    print(
        f"no change, {what}: {seconds:.1f} s, {ratio:.2f} times; goal {goal}; {'ok' if reached else 'over'}"
    )
    return reached


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
