"""Stacks of toy things, new for each test."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration import pulumi_cli
from orchestration.pulumi_cli import Cli
from tests.engine.orchestration.toy_stacks import ToyStacks


@pytest.fixture(scope="session")
def cli() -> Cli:
    """The CLI that the tasks use, made first if need be."""
    return pulumi_cli.find(quiet=True)


@pytest.fixture
def swept() -> Iterator[None]:
    """Collects what the test left behind while warnings about it are still the test's own."""
    yield
    gc.collect()


@pytest.fixture
def stacks(tmp_path: Path, cli: Cli) -> ToyStacks:
    """Two projects, nothing deployed."""
    # A clone may be in a folder like this, too.
    return ToyStacks.make(tmp_path / "a clone", cli)
