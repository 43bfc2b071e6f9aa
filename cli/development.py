"""Tasks for changes to this repository: tests, checks, benchmarks and requirements."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from invoke.context import Context

from cli.task import NonNegativeInt, task
from orchestration.environments import ROOT
from orchestration.tool_environment import build_go_tool
from terminal.errors import UserError
from terminal.output import print_message

LINTERS = (
    ("ruff", "format", "--check", "."),
    ("ruff", "check", "."),
    ("mypy",),
    ("lint-imports",),
    ("deptry", "--config", "tools/deptry.toml", "."),
    ("vulture",),
    ("zizmor", "--offline", "--quiet", "--config", "tools/zizmor.yml", ".github"),
)
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint"
OASDIFF = "github.com/oasdiff/oasdiff"
# A warning is a change that can break a client, such as a narrower pattern.
FIND_BREAKING_CHANGES = (
    *("breaking", "--fail-on", "WARN", "--format", "singleline"),
    *("docs/openapi.released.json", "docs/openapi.json"),
)
# Hashes look like secrets, and addresses are not secret.
DISABLED_DETECTORS = ("Base64HighEntropyString", "HexHighEntropyString", "IPPublicDetector")
WITHOUT_SECRETS = re.compile(r"(^|/)(go\.sum|(requirements|dev)\.txt)$")

FUZZ_TESTS = ("tests/fuzz", "tests/e2e/test_openapi.py")
# The tests read it. Without it, they post fewer bodies, which are always the same.
FUZZ_BODIES = "FUZZ_BODIES"
ROUTES = 4
FAST_TESTS = ("tests/unit", "tests/stacks")
# Each worker runs an embedded AWS and engines.
MAX_WORKERS = 4


@task(
    name="test",
    iterable=["path"],
    help={
        "path": "Run only the tests in this file or folder; --path can be left out",
        "k": "Run only tests whose names match this expression, such as C10",
        "fast": "Run only tests without an engine: tests/unit and tests/stacks",
    },
)
def run_tests(
    _: Context, path: Any = None, k: str = "", fast: bool = False, workers: int = NonNegativeInt(0)
) -> None:
    """Run the tests."""
    paths = [resolve_test_path(given) for given in path or ()]
    _run_pytest(k, paths or (FAST_TESTS if fast else ()), workers=workers)


def resolve_test_path(given: str) -> str:
    """The path of a file or folder in the current folder, or else in the repository. A test may follow it."""
    file, mark, name = given.partition("::")
    path = Path(file).absolute()
    return f"{path if path.exists() else file}{mark}{name}"


@task()
def check(_: Context, workers: int = NonNegativeInt(0)) -> None:
    """Check code, types, workflows and secrets, and run tests."""
    for name, *arguments in LINTERS:
        _run_script(name, *arguments)
    _run_command(build_go_tool("actionlint", ACTIONLINT, "8 MB, half a minute"))
    _run_command(build_go_tool("oasdiff", OASDIFF, "27 MB, a minute"), *FIND_BREAKING_CHANGES)
    _scan_for_secrets()
    _run_pytest(workers=workers)


@task(help={"bodies": "Post this number of bodies"})
def fuzz(_: Context, bodies: int = NonNegativeInt(200_000), workers: int = NonNegativeInt(0)) -> None:
    """Post generated bodies to all routes of the API."""
    if bodies < ROUTES:
        raise UserError(
            f"--bodies: {bodies} is too few.", f"Use a number of {ROUTES} or more: one for each route."
        )
    os.environ[FUZZ_BODIES] = str(bodies)
    _run_pytest(paths=FUZZ_TESTS, workers=workers or os.cpu_count() or 1)


@task(iterable=["name"], help={"name": "Run only this benchmark; repeat the option for several benchmarks"})
def bench(_: Context, name: Any = None) -> None:
    """Run the benchmarks and compare them with their goals."""
    available = list_benchmarks()
    unknown = [selected for selected in name or () if selected not in available]
    if unknown:
        raise UserError(
            f"The benchmark '{unknown[0]}' does not exist.", f"Use one of: {', '.join(available)}."
        )
    failed = []
    for benchmark in name or available:
        print_message(f"── {benchmark}")
        # A missed goal does not stop the other benchmarks.
        if _run_python("-m", f"benchmarks.{benchmark}"):
            failed.append(benchmark)
    if failed:
        raise UserError(f"Benchmarks failed or missed their goals: {', '.join(failed)}.")


@task(help={"upgrade": "Use the newest versions instead of the locked ones"})
def lock(_: Context, upgrade: bool = False) -> None:
    """Lock the requirements with hashes."""
    sources = [
        ROOT / "requirements" / "dev.in",
        *sorted((ROOT / "tools").glob("*/requirements.in")),
        *sorted((ROOT / "functions").glob("*/requirements.in")),
    ]
    for source in sources:
        print_message(f"locking {source.relative_to(ROOT)}")
        _run_module("uv", *_pip_compile_arguments(source), *(["--upgrade"] if upgrade else []))


def list_benchmarks() -> list[str]:
    """Return the names of the benchmarks."""
    return [path.stem for path in sorted((ROOT / "benchmarks").glob("[a-z]*.py"))]


def _run_pytest(expression: str = "", paths: Sequence[str] = (), *, workers: int = 0) -> None:
    """Run the tests in `paths` whose names match `expression`.

    With 0 `workers`, selected tests run in one process.
    """
    selection = ["-k", expression] if expression else []
    is_selected = bool(expression) or tuple(paths) not in ((), FAST_TESTS)
    # One more than there are processors: tests wait for the embedded AWS for a part of their time.
    workers = workers or (1 if is_selected else min((os.cpu_count() or 1) + 1, MAX_WORKERS))
    # Slow tests come first in the order of the folders, so that all workers end at about the same time.
    xdist = ["-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"] if workers > 1 else []
    _run_module("pytest", *paths, *selection, *xdist)


def _pip_compile_arguments(source: Path) -> Sequence[str]:
    # Without header and index, and with relative paths, the result is the same on every machine.
    source = source.relative_to(ROOT)
    return (
        "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header",
        "--no-emit-index-url", "--python-version", "3.11",
        str(source), "--output-file", str(source.with_suffix(".txt")),
    )  # fmt: skip


def _run_module(name: str, *arguments: str) -> None:
    if status := _run_python("-m", name, *arguments):
        raise SystemExit(status)


def _run_script(name: str, *arguments: str) -> None:
    _run_command(Path(sys.executable).with_name(name), *arguments)


def _run_command(program: Path, *arguments: str) -> None:
    if status := subprocess.run([program, *arguments], cwd=ROOT, check=False).returncode:
        raise SystemExit(status)


def _scan_for_secrets() -> None:
    """Fail if a committed file contains a credential. `pragma: allowlist secret` marks a false positive."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=False, capture_output=True, text=True)
    if listed.returncode:
        raise UserError("The files of the repository cannot be listed.", "Check in a clone that git made.")
    files = [path for path in listed.stdout.split("\0") if path and not WITHOUT_SECRETS.search(path)]
    options = [f"--disable-plugin={detector}" for detector in DISABLED_DETECTORS]
    _run_script("detect-secrets-hook", "--no-verify", *options, *files)


def _run_python(*arguments: str) -> int:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False).returncode
