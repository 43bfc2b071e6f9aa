"""What `invoke status` says of the embedded AWS: running, killed, stopped."""

import os
import signal
from pathlib import Path

from local import lock
from local.embedded import embedded_aws
from local.emulator import Emulator
from local.marker import Marker
from orchestration.environments import Environment
from orchestration.status.embedded_aws import Condition, condition
from tests.waiting import wait_for


def test_the_condition_follows_the_embedded_aws(tmp_path: Path) -> None:
    environment = Environment("local", tmp_path)
    with embedded_aws(environment.state_folder) as aws:
        assert condition(environment) is Condition.RUNNING
        Marker(environment.state_folder, aws.endpoint).renew()
        assert condition(environment) is Condition.RUNNING
        os.kill(aws.endpoint.pid, signal.SIGKILL)
        emulator = Emulator(environment.state_folder, dies_with_us=True)
        wait_for(lambda: lock.holder(emulator.layout.daemon_lock) is None)
        assert condition(environment) is Condition.STOPPED
        emulator.start(0)
        assert condition(environment) is Condition.EMPTY
        emulator.stop()
    assert condition(environment) is Condition.STOPPED
