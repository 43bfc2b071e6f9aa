"""Tasks of whoever changes this repository."""

from typing import Any

from invoke.context import Context

from cli import _development
from cli.options import WORKERS
from cli.task import Whole, task


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
    _development.run_tests(k, fast=fast, workers=workers)


@task(help={"workers": WORKERS})
def check(_: Context, workers: int = Whole(0)) -> None:
    """Check format, lint and types, and run the tests."""
    _development.check(workers=workers)


@task(iterable=["name"], help={"name": "only this benchmark; say it again for more than one"})
def bench(_: Context, name: Any = None) -> None:
    """Run the benchmarks and say which goals are reached."""
    _development.bench(name)


@task(help={"upgrade": "take the newest versions instead of keeping what is locked"})
def lock(_: Context, upgrade: bool = False) -> None:
    """Pin the requirements anew, with hashes."""
    _development.lock(upgrade=upgrade)
