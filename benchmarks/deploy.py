"""How long a user waits: from starting the demo to the first alert, and for a deploy without a change."""

import re
import subprocess
import sys
import time

from benchmarks._clone import Clone, clone

FIRST_ALERT_GOAL_SECONDS = 30.0
NO_CHANGE_GOAL_SECONDS = 15.0
ALERT = re.compile(r"^\d\d:\d\d:\d\d .* ms after the POST")


def main() -> bool:
    """Prints a line per figure; True if all reach their goals."""
    with clone() as copy:
        fresh = _first_alert_seconds(copy)
        copy.run("local.down")
        stopped = _first_alert_seconds(copy)
        started = time.perf_counter()
        copy.run("deploy", "--env", "local", "--yes")
        unchanged = time.perf_counter() - started
    return all(
        [
            _said("demo to first alert, nothing deployed, tools cached", fresh, FIRST_ALERT_GOAL_SECONDS),
            _said("demo to first alert, deployed, stopped", stopped, FIRST_ALERT_GOAL_SECONDS),
            _said("deploy with no change", unchanged, NO_CHANGE_GOAL_SECONDS),
        ]
    )


def _first_alert_seconds(copy: Clone) -> float:
    """From the start of the demo's process to its first alert; the demo ends before this returns."""
    started = time.perf_counter()
    process = copy.invoke("demo", "--count", "10", "--rate", "10")
    seconds = None
    for line in process.stdout or ():
        if seconds is None and ALERT.match(line):
            seconds = time.perf_counter() - started
    if process.wait() or seconds is None:
        raise subprocess.CalledProcessError(process.returncode, "invoke demo")
    return seconds


def _said(what: str, seconds: float, goal_seconds: float) -> bool:
    reached = seconds < goal_seconds
    print(f"{what}: {seconds:.1f} s; goal under {goal_seconds:.0f} s; {'ok' if reached else 'over'}")
    return reached


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
