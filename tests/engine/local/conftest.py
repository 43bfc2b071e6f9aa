"""Fixtures of the tests that call the embedded AWS with boto3, without Pulumi."""

import pytest

from local.embedded import EmbeddedAws
from tests.engine.local.emulator_fixtures import EmulatorFixtures


@pytest.fixture(scope="session")
def fixtures(aws: EmbeddedAws) -> EmulatorFixtures:
    """Creates resources in the embedded AWS of this test run."""
    return EmulatorFixtures(aws)
