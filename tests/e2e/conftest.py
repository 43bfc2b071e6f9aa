"""The deployed pipeline."""

import pytest

from local.embedded import EmbeddedAws
from operations.deployed import Deployed
from tests.e2e.pipeline import Pipeline


@pytest.fixture(scope="session")
def pipeline(aws: EmbeddedAws, deployed: Deployed) -> Pipeline:
    """Everything deployed, ready for a POST."""
    return Pipeline(aws, deployed)
