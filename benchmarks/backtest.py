"""Speed and memory of a backtest: speed on one core and on all cores, and memory for a longer file.

The benchmark runs `invoke backtest` with a trained model on simulated files.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from detection.evaluation.parallel_scoring import count_cores

ROOT = Path(__file__).parents[1]
GOAL_PER_SECOND = 25_000
GOAL_MEMORY_RATIO = 1.1
# After 70 days, profiles have all of their days, so a longer file needs no additional memory.
DAYS = 70
# Threads of libraries would use more cores than the backtest chooses.
_ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
SIZE = ("--world", "handbook", "--customers", "1000", "--terminals", "2000")


class Run(NamedTuple):
    """One backtest: processor seconds, elapsed seconds and peak memory of a process in megabytes."""

    transactions: int
    processor_seconds: float
    seconds: float
    megabytes: float


def main() -> bool:
    """Print one line per figure. Returns True if speed on one core and memory reach their goals."""
    with tempfile.TemporaryDirectory(prefix="fraud-bench-") as folder:
        short, long, model = (f"{folder}/{name}" for name in ("short.csv", "long.csv", "model.json"))
        _run_task("simulate", "--out", short, "--days", str(DAYS), *SIZE)
        _run_task("simulate", "--out", long, "--days", str(4 * DAYS), *SIZE)
        _run_task("train", "--data", short, "--out", model, "--from", str(DAYS - 28), "--to", str(DAYS - 8))
        on_all_cores = _run_backtest(long, model, f"{folder}/scores.csv")
        with _limit_to_one_core():
            runs = [_run_backtest(data, model, f"{folder}/scores.csv") for data in (short, long)]
    _print_gain(runs[1], on_all_cores)
    return all([_is_fast(runs[1]), _is_small(*runs)])


@contextmanager
def _limit_to_one_core() -> Iterator[None]:
    """Run processes on one core, if the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _print_gain(on_one_core: Run, on_all_cores: Run) -> None:
    speeds = [run.transactions / run.seconds for run in (on_one_core, on_all_cores)]
    print(
        f"Backtest on {count_cores()} cores: {speeds[1]:,.0f} transactions per second of elapsed time,"
        f" {speeds[0]:,.0f} on one core, ratio {speeds[1] / speeds[0]:.2f}"
    )


def _is_fast(run: Run) -> bool:
    per_second = run.transactions / run.processor_seconds
    reached = per_second >= GOAL_PER_SECOND
    print(
        f"Backtest speed: {per_second:,.0f} transactions per second of processor time"
        f" ({run.transactions:,} in {run.processor_seconds:.1f} s); goal: at least {GOAL_PER_SECOND:,};"
        f" {'ok' if reached else 'missed'}"
    )
    return reached


def _is_small(short: Run, long: Run) -> bool:
    ratio = long.megabytes / short.megabytes
    length_ratio = long.transactions / short.transactions
    print(
        f"Backtest memory: {ratio:.2f} times the memory for {length_ratio:.1f} times"
        f" the transactions ({short.megabytes:.0f} MB and {long.megabytes:.0f} MB);"
        f" goal: at most {GOAL_MEMORY_RATIO:.2f}; {'ok' if ratio <= GOAL_MEMORY_RATIO else 'missed'}"
    )
    return ratio <= GOAL_MEMORY_RATIO


def _run_backtest(data: str, model: str, scores: str) -> Run:
    """Test every transaction of the file, including the training data, because only the effort matters."""
    started = time.monotonic()
    usage = _run_task("backtest", "--data", data, "--model", model, "--test-from", "0", "--scores", scores)
    seconds = time.monotonic() - started
    with Path(scores).open("rb") as stream:
        transactions = sum(1 for _ in stream) - 1
    per_megabyte = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Run(transactions, usage.ru_utime + usage.ru_stime, seconds, usage.ru_maxrss / per_megabyte)


def _run_task(*words: str) -> resource.struct_rusage:
    """Run a task and return its resource usage. Raises CalledProcessError if it fails."""
    command: Sequence[str] = (sys.executable, "-m", "invoke", *words)
    process = subprocess.Popen(command, cwd=ROOT, env=_ONE_THREAD, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return usage


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
