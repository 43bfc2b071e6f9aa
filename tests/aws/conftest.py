"""The recorded programs of the layers, with the settings of prod."""

import pytest

from tests.aws.policies import Policies
from tests.stacks.guarded import GUARDED, SIGNED
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
def signed() -> Programs:
    """The programs with the settings of prod, and with code signing."""
    return run_layers("prod", SIGNED)


@pytest.fixture(scope="session")
def prod_and_signed(prod: Programs, signed: Programs) -> Programs:
    """The programs of both, for assertions about everything that a setting allows."""
    return {**prod, **{f"{layer} with code signing": program for layer, program in signed.items()}}


@pytest.fixture(scope="session")
def policies(prod: Programs) -> Policies:
    return Policies(prod)
