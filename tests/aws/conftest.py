"""The recorded programs of the layers, with the settings of prod."""

import pytest

from tests.aws.policies import Policies
from tests.stacks.guarded import GUARDED
from tests.stacks.recording import RecordedProgram, run_layers

Programs = dict[str, RecordedProgram]


@pytest.fixture(scope="session")
def prod() -> Programs:
    return run_layers("prod")


@pytest.fixture(scope="session")
def guarded() -> Programs:
    """The programs with the settings of prod, and with those that limit the callers of the API."""
    return run_layers("prod", GUARDED)


@pytest.fixture(scope="session")
def policies(prod: Programs) -> Policies:
    return Policies(prod)
