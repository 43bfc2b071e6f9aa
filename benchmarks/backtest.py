"""How fast a backtest is on one core, and that a longer file takes no more memory.

Whole runs of `invoke backtest` with a trained model on simulated files: start, check, replay, scores.
"""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
GOAL_PER_SECOND = 10_000
GOAL_MEMORY_RATIO = 1.1
# By then a profile has all the days that it keeps: a longer file only goes on.
DAYS = 70
# Several threads would take more of the processor than one core has.
_ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
SIZE = ("--customers", "1000", "--terminals", "2000")


class Run(NamedTuple):
    """What one backtest took: processor seconds, and megabytes at the most."""

    transactions: int
    seconds: float
    megabytes: float


def main() -> bool:
    """Prints a line per figure; True if both reach their goals."""
    with tempfile.TemporaryDirectory(prefix="fraud-bench-") as folder:
        short, long, model = (f"{folder}/{name}" for name in ("short.csv", "long.csv", "model.json"))
        _invoke("simulate", "--out", short, "--days", str(DAYS), *SIZE)
        _invoke("simulate", "--out", long, "--days", str(4 * DAYS), *SIZE)
        _invoke("train", "--data", short, "--out", model, "--from", str(DAYS - 28), "--to", str(DAYS - 8))
        runs = [_backtest(data, model, f"{folder}/scores.csv") for data in (short, long)]
    return all([_is_fast(runs[1]), _is_small(*runs)])


def _is_fast(run: Run) -> bool:
    per_second = run.transactions / run.seconds
    reached = per_second >= GOAL_PER_SECOND
    print(
        f"backtest: {per_second:,.0f} transactions per second of one core ({run.transactions:,} in"
        f" {run.seconds:.1f} s); goal {GOAL_PER_SECOND:,}; {'ok' if reached else 'under'}"
    )
    return reached


def _is_small(short: Run, long: Run) -> bool:
    ratio = long.megabytes / short.megabytes
    print(
        f"backtest: {ratio:.2f} times the memory for {long.transactions / short.transactions:.1f} times the"
        f" transactions ({short.megabytes:.0f} MB and {long.megabytes:.0f} MB);"
        f" goal {GOAL_MEMORY_RATIO:.2f}; {'ok' if ratio <= GOAL_MEMORY_RATIO else 'over'}"
    )
    return ratio <= GOAL_MEMORY_RATIO


def _backtest(data: str, model: str, scores: str) -> Run:
    """Tests every transaction of the file, those that the model was trained on, too: the work is the same."""
    usage = _invoke("backtest", "--data", data, "--model", model, "--test-from", "0", "--scores", scores)
    with Path(scores).open("rb") as stream:
        transactions = sum(1 for _ in stream) - 1
    per_megabyte = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Run(transactions, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / per_megabyte)


def _invoke(*words: str) -> resource.struct_rusage:
    """Run a task to its end; what it took, or a CalledProcessError."""
    command: Sequence[str] = (sys.executable, "-m", "invoke", *words)
    process = subprocess.Popen(command, cwd=ROOT, env=_ONE_THREAD, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return usage


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
