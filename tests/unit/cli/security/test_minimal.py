"""The task `security.minimal`: its options, and its process."""

import sys
from typing import Any

import pytest

from cli.security import minimal
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


def test_interrupt_reaches_the_run_once_and_waits_for_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Process:
        def __init__(self) -> None:
            self.terminations = 0
            self.waits = 0

        def wait(self) -> int:
            self.waits += 1
            if self.waits == 1:
                raise KeyboardInterrupt
            return 1

        def terminate(self) -> None:
            self.terminations += 1

    process = Process()
    monkeypatch.setattr(minimal.subprocess, "Popen", lambda *_, **__: process)
    assert minimal.run_and_wait(["x"]) == INTERRUPTED
    assert (process.terminations, process.waits) == (1, 2)
