"""Waiting times of a user: from the start of the demo to the first alert, and for an unchanged deployment."""

import re
import subprocess
import sys
import time

from benchmarks._clone import Clone, open_clone

FIRST_ALERT_GOAL_SECONDS = 30.0
NO_CHANGE_GOAL_SECONDS = 15.0
ALERT = re.compile(r"^\d\d:\d\d:\d\d .* ms after the POST")


def main() -> bool:
    """Print one line per figure. Returns True if all figures reach their goals."""
    with open_clone() as copy:
        fresh = _first_alert_seconds(copy)
        copy.run("local.down")
        stopped = _first_alert_seconds(copy)
        started = time.perf_counter()
        copy.run("deploy", "--env", "local", "--yes")
        unchanged = time.perf_counter() - started
    return all(
        [
            _report("Demo to first alert, not deployed, tools cached", fresh, FIRST_ALERT_GOAL_SECONDS),
            _report("Demo to first alert, deployed and stopped", stopped, FIRST_ALERT_GOAL_SECONDS),
            _report("Deployment without changes", unchanged, NO_CHANGE_GOAL_SECONDS),
        ]
    )


def _first_alert_seconds(copy: Clone) -> float:
    """Run the demo to its end; returns the seconds from its start to its first alert."""
    started = time.perf_counter()
    process = copy.invoke("demo", "--count", "10", "--rate", "10")
    seconds = None
    for line in process.stdout or ():
        if seconds is None and ALERT.match(line):
            seconds = time.perf_counter() - started
    if process.wait() or seconds is None:
        raise subprocess.CalledProcessError(process.returncode, "invoke demo")
    return seconds


def _report(figure: str, seconds: float, goal_seconds: float) -> bool:
    reached = seconds < goal_seconds
    print(f"{figure}: {seconds:.1f} s; goal: below {goal_seconds:.0f} s; {'ok' if reached else 'missed'}")
    return reached


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
