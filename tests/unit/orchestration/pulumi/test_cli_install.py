import os
import sys
import time
from pathlib import Path

import pytest

from orchestration.environments import ROOT
from orchestration.pulumi import cli_install
from orchestration.pulumi.cli_install import HOST_MODULE, MODULE, UnavailableError
from tests.waiting import wait_for


def test_the_modules_build_the_version_of_the_sdk() -> None:
    requirements = (ROOT / "requirements" / "dev.txt").read_text()
    assert f"\npulumi=={cli_install.pinned_version()} " in requirements


def test_one_go_builds_both_programs() -> None:
    wanted = {
        line
        for module in (MODULE, HOST_MODULE)
        for line in (module / "go.mod").read_text().splitlines()
        if line.startswith("go ")
    }
    assert len(wanted) == 1


def test_go_for_the_build_is_pinned_by_hash() -> None:
    assert "--hash=sha256:" in (MODULE / "requirements.txt").read_text()


def test_a_command_that_fails_is_told_by_its_last_line() -> None:
    with pytest.raises(UnavailableError, match=r"^trying failed: the reason$"):
        cli_install.run(["sh", "-c", "echo first; echo the reason; exit 1"], doing="trying", limit_seconds=10)


def test_a_program_that_is_not_there_is_one_line() -> None:
    with pytest.raises(UnavailableError, match="does not run"):
        cli_install.run(["/nowhere/go"], doing="trying", limit_seconds=10)


def test_what_takes_too_long_is_ended_with_every_process_it_started(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    started = time.monotonic()
    with pytest.raises(UnavailableError, match="took more than"):
        cli_install.run(
            ["sh", "-c", f"sleep 60 & echo $! > {pid_file}; wait"], doing="trying", limit_seconds=0.2
        )
    assert time.monotonic() - started < 30
    wait_for(lambda: not _is_alive(int(pid_file.read_text())), what="the end of the process")


def test_a_command_runs_in_the_environment_that_is_given() -> None:
    script = "import os, sys; sys.exit(os.environ['CGO_ENABLED'] != '0')"
    environment = {**os.environ, "CGO_ENABLED": "0"}
    cli_install.run([sys.executable, "-c", script], doing="trying", limit_seconds=30, environment=environment)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
