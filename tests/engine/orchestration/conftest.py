"""Fixtures: sample projects and accounts, new for each test."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.embedded import EmbeddedAws
from orchestration.pulumi import pulumi_cli
from orchestration.pulumi.pulumi_cli import PulumiCli
from tests.engine.orchestration.sample_account import LAYERS, SampleAccount, create_account_id
from tests.engine.orchestration.sample_stacks import SampleStacks


@pytest.fixture(scope="session")
def cli() -> PulumiCli:
    """The CLI that the tasks use, installed if necessary."""
    return pulumi_cli.find_cli(quiet=True)


@pytest.fixture
def collect_garbage() -> Iterator[None]:
    """Collect garbage while warnings still belong to the test."""
    yield
    gc.collect()


@pytest.fixture
def stacks(tmp_path: Path, cli: PulumiCli) -> SampleStacks:
    """Two projects without deployments, in a folder whose name has a space."""
    return SampleStacks.create(tmp_path / "a clone", cli)


@pytest.fixture
def empty_account(
    tmp_path: Path, cli: PulumiCli, aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> SampleAccount:
    """Two projects and an empty account. The process has the account's credentials."""
    return SampleAccount.create(tmp_path / "a clone", cli, create_account_id()).enter(aws, monkeypatch)


@pytest.fixture
def ready_account(empty_account: SampleAccount) -> SampleAccount:
    """The account after `invoke bootstrap`."""
    empty_account.bootstrap(layers=LAYERS)
    return empty_account
