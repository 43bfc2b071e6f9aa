"""The deployed pipeline for fault tests."""

import pytest

from local.embedded import EmbeddedAws
from operations.deployed import DeployedPipeline
from tests.e2e import faults
from tests.e2e.pipeline import PipelineClient
from tests.faults.fault_scenario import FaultScenario


@pytest.fixture
def scenario(aws: EmbeddedAws, deployed: DeployedPipeline) -> FaultScenario:
    """The pipeline of this test run, with empty failure queues."""
    pipeline = PipelineClient(aws, deployed)
    faults.purge_queues(pipeline)
    return FaultScenario(pipeline)
