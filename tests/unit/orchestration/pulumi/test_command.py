import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from pulumi.automation.errors import CommandError

from orchestration.pulumi.command import ControlledCommand
from tests.waiting import wait_for

TIMEOUT_SECONDS = 3.0


def test_second_interrupt_during_the_first_does_not_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pulumi"
    program.write_text(f'#!/bin/sh\n: > "{tmp_path}/started"\nexec sleep 8\n')
    program.chmod(0o755)
    command = ControlledCommand(program, "3.0.0", {"PATH": "/usr/bin:/bin"})
    signals: list[int] = []
    send = subprocess.Popen.send_signal

    def send_signal(process: "subprocess.Popen[bytes]", number: int) -> None:
        signals.append(number)
        if len(signals) == 1:
            # The handler of a second signal runs inside the handler of the first.
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
    interrupting.join(TIMEOUT_SECONDS)
    running.join(TIMEOUT_SECONDS)
    assert not interrupting.is_alive()
    assert not running.is_alive()
    assert len(signals) == 2
