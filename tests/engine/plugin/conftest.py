"""The engine with the plugin, for the tests of this folder."""

from functools import cache
from pathlib import Path

import pytest
from pulumi import automation as auto
from semver import VersionInfo

from local.embedded import EmbeddedAws
from local.plugin.install import install
from orchestration.engine import pulumi_cli
from tests.engine.plugin.engine import EngineUnderTest


@pytest.fixture(scope="session")
def engine(aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> EngineUnderTest:
    """The engine on an embedded AWS, with a backend and a PULUMI_HOME of its own."""
    folder: Path = tmp_path_factory.mktemp("engine")
    install(folder / "home")
    (folder / "state").mkdir()
    cli = pulumi_cli.find(quiet=True)
    variables = {
        **aws.environment(),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
    }
    command = _command(cli)
    return EngineUnderTest(cli=command, folder=folder, variables=variables, client=cache(aws.client))


def _command(cli: pulumi_cli.Cli) -> auto.PulumiCommand:
    root = cli.path.parents[1]
    return auto.PulumiCommand(root=str(root), version=VersionInfo.parse(cli.version))
