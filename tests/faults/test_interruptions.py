"""Deployments and the embedded AWS are killed: the pipeline works again and has everything that it saved."""

import os
import signal
from collections.abc import Iterator

import pytest

from local.embedded import EmbeddedAws, embedded_aws
from operations.deployed import DeployedPipeline
from orchestration.environments import LOCAL, Environment
from orchestration.layers import LAYERS
from orchestration.session import EnvironmentSession
from tests.e2e.pipeline import PipelineClient
from tests.faults.fault_scenario import FaultScenario
from tests.scratch import ScratchClone
from tests.waiting import wait_for


def kill_deployment(clone: ScratchClone, layer: str) -> None:
    """Kill a deployment of the layer once some of its resources exist."""
    process = clone.start("deploy", "--layer", layer)
    try:
        wait_for(lambda: clone.has_resources(layer), seconds=90, what=f"resources of {layer}")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def open_pipeline(clone: ScratchClone, aws: EmbeddedAws) -> PipelineClient:
    session = EnvironmentSession(Environment(LOCAL, clone.root))
    return PipelineClient(aws, DeployedPipeline.from_session(session))


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> ScratchClone:
    return ScratchClone.create(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="module")
def aws(clone: ScratchClone) -> Iterator[EmbeddedAws]:
    """An embedded AWS in which a deployment of each layer was killed, recovered and repeated."""
    with embedded_aws(clone.root / ".local") as running:
        for layer in LAYERS:
            kill_deployment(clone, layer.name)
            clone.run_task("recover", "--layer", layer.name, "--yes")
            clone.run_task("deploy", "--layer", layer.name)
        yield running


def test_pipeline_works_after_a_deployment_of_each_layer_was_killed(
    clone: ScratchClone, aws: EmbeddedAws
) -> None:
    scenario = FaultScenario(open_pipeline(clone, aws))
    scenario.post()
    scenario.expect_nothing_lost()
    scenario.wait_until_healthy()


def test_embedded_aws_that_is_killed_keeps_saved_transactions(clone: ScratchClone, aws: EmbeddedAws) -> None:
    before = FaultScenario(open_pipeline(clone, aws))
    transaction = before.post()
    before.pipeline.wait_for_mail_about(transaction)
    aws.emulator.stop()
    running = aws.emulator.start()
    os.kill(running.pid, signal.SIGKILL)
    restarted = EmbeddedAws(aws.emulator, aws.emulator.start())
    clone.run_task("deploy")
    after = FaultScenario(open_pipeline(clone, restarted), [transaction])
    after.expect_nothing_lost()
    after.wait_until_healthy()
