import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.emulator import Emulator
from orchestration import local_aws
from orchestration.environments import Environment
from terminal.errors import UserError


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    """A running embedded AWS with a stack in the state."""
    environment = Environment("local", tmp_path)
    local_aws.prepare_emulator(environment, changing=True, port=0)
    write_state(environment, pending=False)
    yield environment
    local_aws.stop_emulator(environment)


def state_file(environment: Environment) -> Path:
    return environment.state_folder / "pulumi/.pulumi/stacks/fraud-data/local.json"


def write_state(environment: Environment, *, pending: bool) -> None:
    operations = [{"type": "creating"}] if pending else []
    path = state_file(environment)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"checkpoint": {"latest": {"pending_operations": operations}}}))


def test_deployed_stack_is_kept(environment: Environment) -> None:
    local_aws.prepare_emulator(environment, changing=False)
    assert state_file(environment).exists()


def test_deployed_stack_is_kept_after_a_stop(environment: Environment) -> None:
    local_aws.stop_emulator(environment)
    local_aws.prepare_emulator(environment, changing=False)
    assert state_file(environment).exists()


def test_reset_deletes_backups(environment: Environment) -> None:
    backup = environment.state_folder / "backups/fraud-data/local/backup.json"
    backup.parent.mkdir(parents=True)
    backup.touch()
    local_aws.reset_emulator(environment)
    assert not backup.exists()
    assert not state_file(environment).exists()


def test_after_a_kill_emulator_and_state_are_reset(
    environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    os.kill(local_aws.find_running_emulator(environment).pid, signal.SIGKILL)
    variables = local_aws.prepare_emulator(environment, changing=False)
    assert not state_file(environment).exists()
    assert variables["AWS_ENDPOINT_URL"] == local_aws.find_running_emulator(environment).url
    assert "reset" in capsys.readouterr().err.lower()


def test_after_an_interrupted_run_the_state_is_reset(
    environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    write_state(environment, pending=True)
    local_aws.prepare_emulator(environment, changing=False)
    assert not state_file(environment).exists()
    assert "interrupted" in capsys.readouterr().err


def test_reset_deletes_stacks_and_keeps_the_emulator_running(environment: Environment) -> None:
    before = local_aws.find_running_emulator(environment).url
    local_aws.reset_emulator(environment)
    assert not state_file(environment).exists()
    assert local_aws.find_running_emulator(environment).url == before


def test_hint_for_a_stopped_emulator_is_the_command_that_starts_it(environment: Environment) -> None:
    local_aws.stop_emulator(environment)
    with pytest.raises(UserError, match=r"invoke local\.up"):
        local_aws.find_running_emulator(environment)
    assert Emulator(environment.state_folder).status() is None
