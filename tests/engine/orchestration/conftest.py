"""Stacks of toy things, new for each test."""

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
def stacks(tmp_path: Path, cli: Cli) -> ToyStacks:
    """Two projects, nothing deployed."""
    # A clone may be in a folder like this, too.
    return ToyStacks.make(tmp_path / "a clone", cli)
