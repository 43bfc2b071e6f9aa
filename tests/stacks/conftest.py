"""The recorded programs of the environments; each environment is run once per test session."""

import pytest

from tests.stacks.evaluation import PURPOSES, RecordedRole
from tests.stacks.recording import Program, run_layers

Programs = dict[str, Program]


@pytest.fixture(scope="session")
def prod() -> Programs:
    """The layers as prod's settings have them: what is asserted of an account is asserted of these."""
    return run_layers("prod")


@pytest.fixture(scope="session")
def local() -> Programs:
    return run_layers("local")


@pytest.fixture(scope="session")
def foundation(prod: Programs) -> Program:
    return prod["foundation"]


@pytest.fixture(scope="session")
def data(prod: Programs) -> Program:
    return prod["data"]


@pytest.fixture(scope="session")
def processing(prod: Programs) -> Program:
    return prod["processing"]


@pytest.fixture(scope="session")
def edge(prod: Programs) -> Program:
    return prod["edge"]


@pytest.fixture(scope="session")
def roles(foundation: Program) -> dict[str, RecordedRole]:
    """The roles of CI, by their purpose."""
    return {purpose: RecordedRole.find(foundation, purpose) for purpose in PURPOSES}
