"""The recorded programs of prod and local. Each environment runs once per test session."""

import pytest

from tests.stacks.evaluation import PURPOSES, RecordedRole
from tests.stacks.guarded import GUARDED
from tests.stacks.recording import RecordedProgram, run_layers

Programs = dict[str, RecordedProgram]


@pytest.fixture(scope="session")
def prod() -> Programs:
    """The programs with the settings of prod, for assertions about AWS accounts."""
    return run_layers("prod")


@pytest.fixture(scope="session")
def local() -> Programs:
    return run_layers("local")


@pytest.fixture(scope="session")
def guarded() -> Programs:
    """The programs with the settings of prod, and with those that limit the callers of the API."""
    return run_layers("prod", GUARDED)


@pytest.fixture(scope="session")
def foundation(prod: Programs) -> RecordedProgram:
    return prod["foundation"]


@pytest.fixture(scope="session")
def data(prod: Programs) -> RecordedProgram:
    return prod["data"]


@pytest.fixture(scope="session")
def processing(prod: Programs) -> RecordedProgram:
    return prod["processing"]


@pytest.fixture(scope="session")
def edge(prod: Programs) -> RecordedProgram:
    return prod["edge"]


@pytest.fixture(scope="session")
def roles(foundation: RecordedProgram) -> dict[str, RecordedRole]:
    """The roles of CI by purpose."""
    return {purpose: RecordedRole.find(foundation, purpose) for purpose in PURPOSES}
