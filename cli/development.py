"""Tasks of whoever changes this repository."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from invoke.context import Context

from cli.options import WORKERS
from cli.task import Whole, task
from orchestration.environments import ROOT
from terminal.errors import UserError
from terminal.output import say

FAST = ("tests/unit", "tests/stacks")
# Each has an embedded AWS of its own, and engines.
MOST_WORKERS = 4


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
    _run_pytest(k, fast=fast, workers=workers)


@task(help={"workers": WORKERS})
def check(_: Context, workers: int = Whole(0)) -> None:
    """Check format, lint and types, and run the tests."""
    _run_module("ruff", "format", "--check", ".")
    _run_module("ruff", "check", ".")
    _run_module("mypy")
    _run_pytest(workers=workers)


@task(iterable=["name"], help={"name": "only this benchmark; say it again for more than one"})
def bench(_: Context, name: Any = None) -> None:
    """Run the benchmarks and say which goals are reached."""
    _run_benchmarks(name or ())


@task(help={"upgrade": "take the newest versions instead of keeping what is locked"})
def lock(_: Context, upgrade: bool = False) -> None:
    """Pin the requirements anew, with hashes."""
    _lock_requirements(upgrade=upgrade)


def _run_pytest(expression: str = "", *, fast: bool = False, workers: int = 0) -> None:
    """Run the tests whose names match `expression`, in that many processes.

    With 0 it is one for each processor, up to `MOST_WORKERS`, or for tests that are chosen by name just one.
    """
    chosen = ["-k", expression] if expression else []
    workers = workers or (1 if expression else min(os.cpu_count() or 1, MOST_WORKERS))
    # In the order of the folders: slow tests first, so that no worker waits for the other at the end.
    spread = ["-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"] if workers > 1 else []
    _run_module("pytest", *(FAST if fast else ()), *chosen, *spread)


def _run_benchmarks(names: Sequence[str] = ()) -> None:
    """Run the named benchmarks, or all; every one runs even if one misses its goal."""
    found = {path.stem: path for path in sorted((ROOT / "benchmarks").glob("[a-z]*.py"))}
    unknown = [name for name in names if name not in found]
    if unknown:
        raise UserError(f"There is no benchmark '{unknown[0]}'.", f"Benchmarks are: {', '.join(found)}.")
    missed = []
    for name in names or found:
        say(f"── {name}")
        if _exit_status("-m", f"benchmarks.{name}"):
            missed.append(name)
    if missed:
        raise UserError(f"Missed its goal, or failed: {', '.join(missed)}.")


def _lock_requirements(*, upgrade: bool = False) -> None:
    """Make every hash-pinned requirements.txt anew from its `.in`; keeps versions unless `upgrade`."""
    sources = [
        ROOT / "requirements" / "dev.in",
        *sorted((ROOT / "tools").glob("*/requirements.in")),
        *sorted((ROOT / "functions").glob("*/requirements.in")),
    ]
    for source in sources:
        say(f"locking {source.relative_to(ROOT)}")
        _run_module("uv", *_pip_compile_arguments(source), *(["--upgrade"] if upgrade else []))


def _pip_compile_arguments(source: Path) -> Sequence[str]:
    # No header and no index, and paths from the root: the file does not say on whose machine it was made.
    source = source.relative_to(ROOT)
    return (
        "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header",
        "--no-emit-index-url", "--python-version", "3.11",
        str(source), "--output-file", str(source.with_suffix(".txt")),
    )  # fmt: skip


def _run_module(name: str, *arguments: str) -> None:
    status = _exit_status("-m", name, *arguments)
    if status:
        raise SystemExit(status)


def _exit_status(*arguments: str) -> int:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False).returncode
