import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from pulumi.automation.errors import CommandError

from orchestration.pulumi.command import ControlledCommand
from tests.waiting import wait_for

SECONDS = 3.0


def test_an_interrupt_may_come_in_the_middle_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pulumi"
    program.write_text(f'#!/bin/sh\n: > "{tmp_path}/started"\nexec sleep 8\n')
    program.chmod(0o755)
    command = ControlledCommand(program, "3.0.0", {"PATH": "/usr/bin:/bin"})
    told: list[int] = []
    send = subprocess.Popen.send_signal

    def send_signal(process: "subprocess.Popen[bytes]", number: int) -> None:
        told.append(number)
        if len(told) == 1:
            # As a signal's handler is, by that of the next one.
            command.interrupt()
        send(process, number)

    monkeypatch.setattr(subprocess.Popen, "send_signal", send_signal)

    def run() -> None:
        with suppress(CommandError):
            command.run([], str(tmp_path), {})

    running = threading.Thread(target=run, daemon=True)
    running.start()
    wait_for((tmp_path / "started").exists)
    interrupting = threading.Thread(target=command.interrupt, daemon=True)
    interrupting.start()
    interrupting.join(SECONDS)
    running.join(SECONDS)
    assert not interrupting.is_alive()
    assert not running.is_alive()
    assert len(told) == 2
