"""Who the real CLI says holds a stack, in each place where Pulumi keeps locks as files."""

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
from orchestration.state.locks import FileLocks
from tests.engine.orchestration.toy_stacks import FIRST, SECOND, ToyStacks

SECONDS = 60.0

pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.usefixtures("swept")]


@dataclass(frozen=True)
class Place:
    """A backend, and what the engine needs to use it."""

    url: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def locks(self) -> FileLocks:
        files = state_files.at(self.url)
        assert files is not None
        return FileLocks(files, LOCAL)


@pytest.fixture
def folder(stacks: ToyStacks) -> Place:
    """A path with a space in it."""
    return Place(f"file://{stacks.root}/.local/pulumi")


@pytest.fixture
def bucket(aws: EmbeddedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A part of a bucket."""
    name = f"locks-{tmp_path.name.replace('_', '-')}"[:63].rstrip("-")
    aws.client("s3").create_bucket(Bucket=name)
    for variable, value in aws.environment().items():
        monkeypatch.setenv(variable, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    options = f"region=us-east-1&endpoint={aws.url}&s3ForcePathStyle=true"
    return Place(f"s3://{name}/a/team?{options}", aws.environment())


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


def when_creating(act: Callable[[], None]) -> Callable[[Layer, EngineEvent], None]:
    def on_event(_: Layer, event: EngineEvent) -> None:
        begun = event.resource_pre_event
        if begun and begun.metadata.type == "toy:index:Thing":
            act()

    return on_event


def test_an_update_holds_its_stack_and_no_other_until_it_ends(stacks: ToyStacks, place: Place) -> None:
    gate, creating = stacks.root / "gate", threading.Event()
    stacks.configure(FIRST, {"waitsFor": str(gate)})
    engine = stacks.engine(when_creating(creating.set), PULUMI_BACKEND_URL=place.url, **place.variables)
    assert place.locks.holder(FIRST) is None
    with ThreadPoolExecutor() as pool:
        update = pool.submit(engine.up, FIRST)
        try:
            assert creating.wait(SECONDS), update.exception(0)
            holder = place.locks.holder(FIRST)
            assert place.locks.holder(SECOND) is None
        finally:
            gate.touch()
        update.result(SECONDS)
    assert holder is not None
    assert (holder.user, holder.host, holder.gone) == (getpass.getuser(), socket.gethostname(), False)
    assert place.locks.holder(FIRST) is None


def test_in_a_bucket_the_lock_of_a_stack_whose_name_goes_on_is_another(
    aws: EmbeddedAws, bucket: Place
) -> None:
    name = bucket.url.removeprefix("s3://").partition("/")[0]
    folder = f"a/team/.pulumi/locks/organization/{FIRST.project}"
    aws.client("s3").put_object(Bucket=name, Key=f"{folder}/{LOCAL}-2/0b1c.json", Body=b"{}")
    assert bucket.locks.holder(FIRST) is None
    aws.client("s3").put_object(Bucket=name, Key=f"{folder}/{LOCAL}/0b1c.json", Body=b"{}")
    assert str(bucket.locks.holder(FIRST)) == "somebody"
