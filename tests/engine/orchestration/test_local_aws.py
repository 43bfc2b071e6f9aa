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
    """An embedded AWS of the test's own, running, with a stack deployed as far as the state says."""
    environment = Environment("local", tmp_path)
    local_aws.prepare(environment, changing=True, port=0)
    write_state(environment, pending=False)
    yield environment
    local_aws.stop(environment)


def state_file(environment: Environment) -> Path:
    return environment.state_folder / "pulumi/.pulumi/stacks/fraud-data/local.json"


def write_state(environment: Environment, *, pending: bool) -> None:
    operations = [{"type": "creating"}] if pending else []
    path = state_file(environment)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"checkpoint": {"latest": {"pending_operations": operations}}}))


def test_a_deployed_stack_is_kept(environment: Environment) -> None:
    local_aws.prepare(environment, changing=False)
    assert state_file(environment).exists()


def test_a_deployed_stack_survives_a_stop(environment: Environment) -> None:
    local_aws.stop(environment)
    local_aws.prepare(environment, changing=False)
    assert state_file(environment).exists()


def test_a_reset_forgets_the_copies_of_states_too(environment: Environment) -> None:
    copy = environment.state_folder / "backups/fraud-data/local/copy.json"
    copy.parent.mkdir(parents=True)
    copy.touch()
    local_aws.reset(environment)
    assert not copy.exists()
    assert not state_file(environment).exists()


def test_a_killed_emulator_is_noticed_and_both_start_afresh(
    environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    os.kill(local_aws.running(environment).pid, signal.SIGKILL)
    variables = local_aws.prepare(environment, changing=False)
    assert not state_file(environment).exists()
    assert variables["AWS_ENDPOINT_URL"] == local_aws.running(environment).url
    assert "starting both afresh" in capsys.readouterr().err


def test_a_run_that_was_cut_off_starts_afresh(
    environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    write_state(environment, pending=True)
    local_aws.prepare(environment, changing=False)
    assert not state_file(environment).exists()
    assert "cut off in the middle" in capsys.readouterr().err


def test_a_reset_forgets_the_stacks_and_leaves_the_emulator_running(environment: Environment) -> None:
    before = local_aws.running(environment).url
    local_aws.reset(environment)
    assert not state_file(environment).exists()
    assert local_aws.running(environment).url == before


def test_a_stopped_emulator_says_how_to_start_it(environment: Environment) -> None:
    local_aws.stop(environment)
    with pytest.raises(UserError, match=r"does not run. Start it: invoke local.up"):
        local_aws.running(environment)
    assert Emulator(environment.state_folder).status() is None
