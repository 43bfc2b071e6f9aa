"""The condition of the embedded AWS: running, killed, stopped."""

import os
import signal
from pathlib import Path

from local import process_lock
from local.embedded import embedded_aws
from local.emulator import Emulator
from local.state_marker import StateMarker
from orchestration.environments import Environment
from orchestration.status.embedded_aws import EmulatorCondition, check_emulator
from tests.waiting import wait_for


def test_condition_follows_the_embedded_aws(tmp_path: Path) -> None:
    environment = Environment("local", tmp_path)
    with embedded_aws(environment.state_folder) as aws:
        assert check_emulator(environment) is EmulatorCondition.RUNNING
        StateMarker(environment.state_folder, aws.endpoint).renew()
        assert check_emulator(environment) is EmulatorCondition.RUNNING
        os.kill(aws.endpoint.pid, signal.SIGKILL)
        emulator = Emulator(environment.state_folder, stops_with_process=True)
        wait_for(lambda: process_lock.find_holder(emulator.layout.daemon_lock) is None)
        assert check_emulator(environment) is EmulatorCondition.STOPPED
        emulator.start(0)
        assert check_emulator(environment) is EmulatorCondition.EMPTY
        emulator.stop()
    assert check_emulator(environment) is EmulatorCondition.STOPPED
