"""The recorded programs of prod and local. Each environment runs once per test session."""

import pytest

from tests.stacks.evaluation import PURPOSES, RecordedRole
from tests.stacks.guarded import GUARDED, SIGNED
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
def signed() -> Programs:
    """The programs with the settings of prod, and with code signing."""
    return run_layers("prod", SIGNED)


@pytest.fixture(scope="session")
def prod_and_signed(prod: Programs, signed: Programs) -> Programs:
    """The programs of both, for assertions about everything that a setting allows."""
    return {**prod, **{f"{layer} with code signing": program for layer, program in signed.items()}}


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


@pytest.fixture(scope="session", params=["prod", "signed"])
def roles(request: pytest.FixtureRequest) -> dict[str, RecordedRole]:
    """The roles of CI by purpose. With code signing, they have shorter policies."""
    programs: Programs = request.getfixturevalue(request.param)
    return {purpose: RecordedRole.find(programs["foundation"], purpose) for purpose in PURPOSES}
