"""The tasks of whoever changes this repository: tests, checks, benchmarks and the locked requirements."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from orchestration.environments import ROOT
from terminal.errors import UserError
from terminal.output import say

FAST = ("tests/unit", "tests/stacks")
# Each has an embedded AWS of its own, and engines.
MOST_WORKERS = 4


def run_tests(expression: str = "", *, fast: bool = False, workers: int = 0) -> None:
    """Run the tests whose names match `expression`, in that many processes.

    With 0 it is one for each processor, up to `MOST_WORKERS`, or for tests that are chosen by name just one.
    """
    chosen = ["-k", expression] if expression else []
    workers = workers or (1 if expression else min(os.cpu_count() or 1, MOST_WORKERS))
    # In the order of the folders: slow tests first, so that no worker waits for the other at the end.
    spread = ["-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"] if workers > 1 else []
    _module("pytest", *(FAST if fast else ()), *chosen, *spread)


def check(*, workers: int = 0) -> None:
    """What CI runs: formatter, linter, types, then the tests."""
    _module("ruff", "format", "--check", ".")
    _module("ruff", "check", ".")
    _module("mypy")
    run_tests(workers=workers)


def bench(names: Sequence[str] = ()) -> None:
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


def lock(*, upgrade: bool = False) -> None:
    """Make every hash-pinned requirements.txt anew from its `.in`; keeps versions unless `upgrade`."""
    sources = [
        ROOT / "requirements" / "dev.in",
        *sorted((ROOT / "tools").glob("*/requirements.in")),
        *sorted((ROOT / "functions").glob("*/requirements.in")),
    ]
    for source in sources:
        say(f"locking {source.relative_to(ROOT)}")
        _module("uv", *_compile(source), *(["--upgrade"] if upgrade else []))


def _compile(source: Path) -> Sequence[str]:
    # No header and no index, and paths from the root: the file does not say on whose machine it was made.
    source = source.relative_to(ROOT)
    return (
        "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header",
        "--no-emit-index-url", "--python-version", "3.11",
        str(source), "--output-file", str(source.with_suffix(".txt")),
    )  # fmt: skip


def _module(name: str, *arguments: str) -> None:
    status = _exit_status("-m", name, *arguments)
    if status:
        raise SystemExit(status)


def _exit_status(*arguments: str) -> int:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False).returncode
