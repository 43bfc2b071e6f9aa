"""Runs independent jobs on all cores. Each job has one thread, so results do not depend on the cores."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def run_parallel(function: Callable[[Job], Result], jobs: Iterable[Job]) -> list[Result]:
    """The results in the order of the jobs. XGBoost releases the lock of the interpreter while it works."""
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        return list(executor.map(function, jobs))
