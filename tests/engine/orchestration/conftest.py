"""Stacks of toy things, new for each test."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.embedded import EmbeddedAws
from orchestration.pulumi import pulumi_cli
from orchestration.pulumi.pulumi_cli import Cli
from tests.engine.orchestration.toy_account import LAYERS, ToyAccount, an_account
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


@pytest.fixture
def toy(tmp_path: Path, cli: Cli, aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> ToyAccount:
    """Two projects and an empty account, of which the process has the credentials."""
    return ToyAccount.make(tmp_path / "a clone", cli, an_account()).enter(aws, monkeypatch)


@pytest.fixture
def ready(toy: ToyAccount) -> ToyAccount:
    """The same after `invoke bootstrap`."""
    toy.bootstrap(layers=LAYERS)
    return toy
