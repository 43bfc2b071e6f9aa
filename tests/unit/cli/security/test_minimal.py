"""The task `security.minimal`: its options, and its process."""

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from cli.security import minimal
from orchestration.environments import ROOT
from terminal.errors import INTERRUPTED, UserError


@pytest.mark.parametrize("options", [{"env": "prod"}, {"role": "api", "record": True}])
def test_wrong_options_are_refused_before_anything_runs(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minimal.subprocess, "Popen", None)
    defaults: dict[str, Any] = {"env": "local", "role": "", "as_json": False, "record": False}
    with pytest.raises(UserError):
        minimal.prove_minimal(**{**defaults, **options})


def test_exit_status_is_that_of_the_run() -> None:
    assert minimal.run_and_wait([sys.executable, "-c", "raise SystemExit(3)"]) == 3


def test_run_cleans_up_after_ctrl_c_before_the_task_ends() -> None:
    child = """
import os, signal
from cli.task import run_to_exit_status

def body():
    try:
        print("leads its session" if os.getsid(0) == os.getpid() else "gets each signal twice", flush=True)
        signal.pause()
    finally:
        input()
        print("cleaned", flush=True)

run_to_exit_status(body)
"""
    parent = "import sys; from cli.security.minimal import run_and_wait;"
    parent += f"sys.exit(run_and_wait([sys.executable, '-c', {child!r}]))"
    process = subprocess.Popen(
        [sys.executable, "-c", parent],
        cwd=ROOT,
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "leads its session\n"
    # A terminal sends the signal to all processes of the group in the foreground.
    os.killpg(process.pid, signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
    assert process.communicate("go on\n")[0] == "cleaned\n"
    assert process.returncode == INTERRUPTED
