"""The recorded programs of the layers, with the settings of prod."""

import pytest

from tests.aws.policies import Policies
from tests.stacks.recording import RecordedProgram, run_layers

Programs = dict[str, RecordedProgram]


@pytest.fixture(scope="session")
def prod() -> Programs:
    return run_layers("prod")


@pytest.fixture(scope="session")
def policies(prod: Programs) -> Policies:
    return Policies(prod)
