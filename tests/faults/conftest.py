"""The deployed pipeline, to be broken and repaired."""

import pytest

from local.embedded import EmbeddedAws
from operations.deployed import Deployed
from tests.e2e import faults
from tests.e2e.pipeline import Pipeline
from tests.faults.bench import Bench


@pytest.fixture
def bench(aws: EmbeddedAws, deployed: Deployed) -> Bench:
    """The pipeline of this test run with empty failure queues."""
    pipeline = Pipeline(aws, deployed)
    faults.empty(pipeline)
    return Bench(pipeline)
