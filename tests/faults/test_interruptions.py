"""The embedded AWS and deployments are killed: everything works again, and what was saved is there."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.embedded import EmbeddedAws, embedded_aws
from orchestration.layers import LAYERS
from tests import deployment
from tests.e2e.pipeline import Pipeline
from tests.faults.bench import Bench
from tests.scratch import Scratch
from tests.waiting import wait_for


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Bench]:
    """A pipeline of the test's own, on an embedded AWS that it may kill."""
    with embedded_aws(tmp_path / ".local") as aws:
        yield Bench(Pipeline(aws, deployment.deploy(aws)))


def test_embedded_aws_that_is_killed_has_what_it_saved(own: Bench) -> None:
    aws = own.pipeline.aws
    sent = own.post()
    own.pipeline.mail_about(sent)
    aws.emulator.stop()
    running = aws.emulator.start()
    os.kill(running.pid, signal.SIGKILL)
    restarted = EmbeddedAws(aws.emulator, aws.emulator.start())
    again = Bench(Pipeline(restarted, deployment.deploy(restarted)), [sent])
    again.expect_nothing_lost()
    again.wait_green()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    clone = Scratch.make(tmp_path_factory.mktemp("clone"))
    clone.succeed("local.up")
    yield clone
    clone.succeed("local.down")


def kill_deployment(scratch: Scratch, layer: str) -> None:
    """Kill a deployment of the layer once some of its resources are there."""
    process = scratch.start("deploy", "--layer", layer)
    try:
        wait_for(lambda: scratch.holds_resources(layer), seconds=90, what=f"resources of {layer}")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_deployment_that_is_killed_in_each_layer_is_recovered_and_finished(scratch: Scratch) -> None:
    for layer in LAYERS:
        kill_deployment(scratch, layer.name)
        scratch.succeed("recover", "--layer", layer.name, "--yes")
        scratch.succeed("deploy", "--layer", layer.name)
    scratch.succeed("send", "examples/transactions.jsonl")
    wait_for(lambda: scratch.invoke("health").returncode == 0, seconds=90, what="a healthy pipeline")
