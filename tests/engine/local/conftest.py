"""Fixtures of the tests that drive the embedded AWS by boto3, without Pulumi."""

import pytest

from local.embedded import EmbeddedAws
from tests.engine.local.world import World


@pytest.fixture(scope="session")
def world(aws: EmbeddedAws) -> World:
    """Resources in the embedded AWS of this test run."""
    return World(aws)
