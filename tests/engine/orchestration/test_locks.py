"""Locks of the real CLI in both backends with lock files."""

import getpass
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pulumi.automation import EngineEvent

from local.embedded import EmbeddedAws
from orchestration.environments import LOCAL
from orchestration.layers import Layer
from orchestration.state import state_files
from orchestration.state.locks import FileLocks, LockHolder
from tests.engine.orchestration.sample_stacks import FIRST, SECOND, SampleStacks

TIMEOUT_SECONDS = 60.0

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.usefixtures("collect_garbage"),
]


@dataclass(frozen=True)
class Backend:
    """A backend, and the variables of an engine that uses it."""

    url: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def locks(self) -> FileLocks:
        files = state_files.open_state_files(self.url)
        assert files is not None
        return FileLocks(files, LOCAL)


@pytest.fixture
def folder(stacks: SampleStacks) -> Backend:
    """A folder whose path has a space."""
    return Backend(f"file://{stacks.root}/.local/pulumi")


@pytest.fixture
def bucket(aws: EmbeddedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Backend:
    """A prefix of a bucket."""
    name = f"locks-{tmp_path.name.replace('_', '-')}"[:63].rstrip("-")
    aws.client("s3").create_bucket(Bucket=name)
    for variable, value in aws.environment().items():
        monkeypatch.setenv(variable, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    options = f"region=us-east-1&endpoint={aws.url}&s3ForcePathStyle=true"
    return Backend(f"s3://{name}/a/team?{options}", aws.environment())


@pytest.fixture(params=["folder", "bucket"])
def backend(request: pytest.FixtureRequest) -> Backend:
    fixture: Backend = request.getfixturevalue(request.param)
    return fixture


def on_creation(act: Callable[[], None]) -> Callable[[Layer, EngineEvent], None]:
    def on_event(_: Layer, event: EngineEvent) -> None:
        started = event.resource_pre_event
        if started and started.metadata.type == "sample:index:Thing":
            act()

    return on_event


def test_update_locks_only_its_own_stack_until_it_ends(stacks: SampleStacks, backend: Backend) -> None:
    gate, creating = stacks.root / "gate", threading.Event()
    stacks.configure(FIRST, {"waitsFor": str(gate)})
    engine = stacks.engine(on_creation(creating.set), PULUMI_BACKEND_URL=backend.url, **backend.variables)
    assert backend.locks.holder(FIRST) is None
    with ThreadPoolExecutor() as pool:
        update = pool.submit(engine.up, FIRST)
        try:
            assert creating.wait(TIMEOUT_SECONDS), update.exception(0)
            holder = backend.locks.holder(FIRST)
            assert backend.locks.holder(SECOND) is None
        finally:
            gate.touch()
        update.result(TIMEOUT_SECONDS)
    assert holder is not None
    assert (holder.user, holder.host, holder.process_ended) == (
        getpass.getuser(),
        socket.gethostname(),
        False,
    )
    assert backend.locks.holder(FIRST) is None


def test_lock_of_a_stack_with_a_longer_name_is_ignored(aws: EmbeddedAws, bucket: Backend) -> None:
    name = bucket.url.removeprefix("s3://").partition("/")[0]
    folder = f"a/team/.pulumi/locks/organization/{FIRST.project}"
    aws.client("s3").put_object(Bucket=name, Key=f"{folder}/{LOCAL}-2/0b1c.json", Body=b"{}")
    assert bucket.locks.holder(FIRST) is None
    aws.client("s3").put_object(Bucket=name, Key=f"{folder}/{LOCAL}/0b1c.json", Body=b"{}")
    assert bucket.locks.holder(FIRST) == LockHolder()
