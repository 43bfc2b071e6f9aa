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
from tests.engine.orchestration.toy_stacks import FIRST, SECOND, ToyStacks

SECONDS = 60.0
pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.usefixtures("swept")]


def cut_off(stacks: ToyStacks) -> None:
    """Deploy `first` until its thing is being created, and end the engine at once."""
    creating, cancelling = threading.Event(), threading.Event()

    def note(_: Layer, event: EngineEvent) -> None:
        if event.resource_pre_event and event.resource_pre_event.metadata.type == "toy:index:Thing":
            creating.set()
        if event.stdout_event and "cancelling" in event.stdout_event.message:
            cancelling.set()

    gate = stacks.root / "gate"
    stacks.configure(FIRST, {"waitsFor": str(gate)})
    engine = stacks.engine(note)
    with ThreadPoolExecutor() as pool:
        update = pool.submit(engine.up, FIRST)
        assert creating.wait(SECONDS)
        engine.interrupt()
        assert cancelling.wait(SECONDS)
        engine.interrupt()
        with pytest.raises(LayerError):
            update.result(SECONDS)
    gate.touch()


def recover(stacks: ToyStacks, file: Path) -> None:
    """As `invoke recover --yes` does it."""
    engine = stacks.engine()

    def save(layer: Layer) -> str:
        file.write_text(json.dumps(engine.exported(layer)))
        return str(file)

    held = locks.of(stacks.environment, engine, (FIRST, SECOND))
    Recovery(stacks.environment, engine, held, save=save, confirm=lambda _: None).run(FIRST)


def test_an_update_that_was_cut_off_is_recovered_and_can_be_deployed_again(
    stacks: ToyStacks, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut_off(stacks)
    assert stacks.state.has_pending_operations()
    recover(stacks, tmp_path / "kept.json")
    kept = json.loads((tmp_path / "kept.json").read_text())
    assert [one.resource for one in pending_operations.of(kept)] == ["thing (toy:index:Thing)"]
    assert not stacks.state.has_pending_operations()
    assert "thing (toy:index:Thing) may exist in AWS" in capsys.readouterr().err
    assert history.updates(stacks.engine(), FIRST)[0].message.subject == "recover first"
    assert stacks.engine().up(FIRST).changes == Changes(create=1, same=1)


def test_a_lock_that_another_machine_left_is_taken_away(stacks: ToyStacks, tmp_path: Path) -> None:
    stacks.engine().up(FIRST)
    stacks.lock(FIRST)
    recover(stacks, tmp_path / "kept.json")
    assert stacks.engine().up(FIRST).changes == Changes(same=2)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Environment]:
    """An embedded AWS of the test's own, with a stack in whose update something was cut off."""
    environment = Environment("local", tmp_path)
    local_aws.prepare(environment, changing=True, port=0)
    path = state_file(environment)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"checkpoint": {"latest": {"pending_operations": [{"type": "creating"}]}}}))
    yield environment
    local_aws.stop(environment)


def state_file(environment: Environment) -> Path:
    return environment.state_folder / "pulumi/.pulumi/stacks/fraud-data/local.json"


def test_locally_what_was_cut_off_is_not_started_afresh(local: Environment) -> None:
    variables = local_aws.resume(local)
    assert variables["AWS_ENDPOINT_URL"] == local_aws.running(local).url
    assert state_file(local).exists()


def test_locally_there_is_nothing_to_recover_once_the_emulator_was_killed(local: Environment) -> None:
    os.kill(local_aws.running(local).pid, signal.SIGKILL)
    with pytest.raises(
        UserError, match=r"lost what Pulumi's state describes\. Start both afresh: invoke deploy"
    ):
        local_aws.resume(local)
    assert state_file(local).exists()
