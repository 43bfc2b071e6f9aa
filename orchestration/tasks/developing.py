"""Tasks of whoever changes this repository."""

from typing import Any

from invoke.context import Context

from orchestration import development
from orchestration.running import Whole, task
from orchestration.tasks.options import WORKERS


@task(
    name="test",
    help={
        "k": "only tests whose names match this expression, such as C10",
        "fast": "only the tests without an engine: units and stacks",
        "workers": WORKERS,
    },
)
def run_tests(_: Context, k: str = "", fast: bool = False, workers: int = Whole(0)) -> None:
    """Run the tests."""
    development.run_tests(k, fast=fast, workers=workers)


@task(help={"workers": WORKERS})
def check(_: Context, workers: int = Whole(0)) -> None:
    """Check format, lint and types, and run the tests."""
    development.check(workers=workers)


@task(iterable=["name"], help={"name": "only this benchmark; say it again for more than one"})
def bench(_: Context, name: Any = None) -> None:
    """Run the benchmarks and say which goals are reached."""
    development.bench(name)


@task(help={"upgrade": "take the newest versions instead of keeping what is locked"})
def lock(_: Context, upgrade: bool = False) -> None:
    """Pin the requirements anew, with hashes."""
    development.lock(upgrade=upgrade)
