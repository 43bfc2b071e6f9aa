"""The recorded programs of the layers, as prod's settings have them."""

import pytest

from tests.aws.policies import Policies
from tests.stacks.recording import Program, run_layers

Programs = dict[str, Program]


@pytest.fixture(scope="session")
def prod() -> Programs:
    return run_layers("prod")


@pytest.fixture(scope="session")
def policies(prod: Programs) -> Policies:
    return Policies(prod)
