from pathlib import Path

from orchestration.environments import Environment
from orchestration.status.embedded_aws import EmulatorCondition, check_emulator


def test_account_has_no_embedded_aws() -> None:
    assert check_emulator(Environment("prod")) is None


def test_embedded_aws_that_never_ran_is_stopped(tmp_path: Path) -> None:
    assert check_emulator(Environment("local", tmp_path)) is EmulatorCondition.STOPPED
