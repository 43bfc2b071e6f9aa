"""The deployed pipeline."""

import pytest

from local.embedded import EmbeddedAws
from operations.deployed import DeployedPipeline
from tests.e2e.pipeline import PipelineClient


@pytest.fixture(scope="session")
def pipeline(aws: EmbeddedAws, deployed: DeployedPipeline) -> PipelineClient:
    """A client of the deployed stacks."""
    return PipelineClient(aws, deployed)
