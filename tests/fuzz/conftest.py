"""The number of generated bodies: a check posts always the same ones, a nightly run many new ones."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from cli import development
from tests.fuzz.api import Api, open_api

VARIABLE = development.FUZZ_BODIES
BODIES_IN_CHECK = 5000
_nightly = os.environ.get(VARIABLE)
settings.register_profile(
    "fuzz",
    max_examples=int(_nightly or BODIES_IN_CHECK) // development.ROUTES,
    derandomize=not _nightly,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with open_api() as opened:
        yield opened
