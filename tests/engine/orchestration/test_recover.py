import json
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pulumi.automation import EngineEvent

from orchestration import local_aws
from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.pulumi.errors import LayerError
from orchestration.pulumi.results import Changes
from orchestration.rollback.recover import Recovery
from orchestration.state import locks, pending_operations
from orchestration.status import history
from terminal.errors import UserError
from tests.engine.orchestration.sample_stacks import FIRST, SECOND, SampleStacks

TIMEOUT_SECONDS = 60.0
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.usefixtures("collect_garbage"),
]


def interrupt_update(stacks: SampleStacks) -> None:
    """Stop the engine while it creates the resource of `first`."""
    creating, cancelling = threading.Event(), threading.Event()

    def handle_event(_: Layer, event: EngineEvent) -> None:
        if event.resource_pre_event and event.resource_pre_event.metadata.type == "sample:index:Thing":
            creating.set()
        if event.stdout_event and "cancelling" in event.stdout_event.message:
            cancelling.set()

    gate = stacks.root / "gate"
    stacks.configure(FIRST, {"waitsFor": str(gate)})
    engine = stacks.engine(handle_event)
    with ThreadPoolExecutor() as pool:
        update = pool.submit(engine.up, FIRST)
        assert creating.wait(TIMEOUT_SECONDS)
        engine.interrupt()
        assert cancelling.wait(TIMEOUT_SECONDS)
        engine.interrupt()
        with pytest.raises(LayerError):
            update.result(TIMEOUT_SECONDS)
    gate.touch()


def recover(stacks: SampleStacks, file: Path) -> None:
    """Run `invoke recover --yes`."""
    engine = stacks.engine()

    def save(layer: Layer) -> str:
        file.write_text(json.dumps(engine.export_deployment(layer)))
        return str(file)

    stack_locks = locks.open_locks(stacks.environment, engine, (FIRST, SECOND))
    Recovery(stacks.environment, engine, stack_locks, save=save, confirm=lambda _: None).run(FIRST)


def test_interrupted_update_is_recovered_and_can_be_deployed_again(
    stacks: SampleStacks, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupt_update(stacks)
    assert stacks.state.has_pending_operations()
    recover(stacks, tmp_path / "backup.json")
    backup = json.loads((tmp_path / "backup.json").read_text())
    assert [operation.resource for operation in pending_operations.list_pending_operations(backup)] == [
        "thing (sample:index:Thing)"
    ]
    assert not stacks.state.has_pending_operations()
    assert "thing (sample:index:Thing)" in capsys.readouterr().err
    assert history.list_updates(stacks.engine(), FIRST)[0].message.subject == "recover first"
    assert stacks.engine().up(FIRST).changes == Changes(create=1, same=1)


def test_lock_of_another_machine_is_removed(stacks: SampleStacks, tmp_path: Path) -> None:
    stacks.engine().up(FIRST)
    stacks.lock(FIRST)
    recover(stacks, tmp_path / "backup.json")
    assert stacks.engine().up(FIRST).changes == Changes(same=2)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Environment]:
    """A running embedded AWS with an interrupted update in the state."""
    environment = Environment("local", tmp_path)
    local_aws.prepare_emulator(environment, changing=True, port=0)
    path = state_file(environment)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"checkpoint": {"latest": {"pending_operations": [{"type": "creating"}]}}}))
    yield environment
    local_aws.stop_emulator(environment)


def state_file(environment: Environment) -> Path:
    return environment.state_folder / "pulumi/.pulumi/stacks/fraud-data/local.json"


def test_resume_keeps_an_interrupted_update_of_local(local: Environment) -> None:
    variables = local_aws.resume_emulator(local)
    assert variables["AWS_ENDPOINT_URL"] == local_aws.find_running_emulator(local).url
    assert state_file(local).exists()


def test_resume_after_a_kill_of_the_emulator_is_refused(local: Environment) -> None:
    os.kill(local_aws.find_running_emulator(local).pid, signal.SIGKILL)
    with pytest.raises(UserError, match=r"invoke deploy$"):
        local_aws.resume_emulator(local)
    assert state_file(local).exists()
