"""The engine with the plugin, for the tests of this folder."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from pulumi import automation as auto
from semver import VersionInfo

from local.embedded import EmbeddedAws
from local.plugin.install import install
from orchestration.pulumi import pulumi_cli
from tests.engine.plugin.engine import ACCOUNT, EngineUnderTest


@pytest.fixture(scope="session")
def engine(aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> EngineUnderTest:
    """The engine on an embedded AWS, with an account, a backend and a PULUMI_HOME of its own.

    Of its own, because some resources are settings of an account, of which there is one.
    """
    # The embedded AWS takes an account's id for the key of its root user.
    credentials = replace(aws.endpoint.credentials, access_key_id=ACCOUNT)
    account = replace(aws, endpoint=replace(aws.endpoint, credentials=credentials))
    folder: Path = tmp_path_factory.mktemp("engine")
    install(folder / "home")
    (folder / "state").mkdir()
    cli = pulumi_cli.find(quiet=True)
    variables = {
        **account.environment(),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
    }
    command = _command(cli)
    return EngineUnderTest(cli=command, folder=folder, variables=variables, client=cache(account.client))


def _command(cli: pulumi_cli.Cli) -> auto.PulumiCommand:
    root = cli.path.parents[1]
    return auto.PulumiCommand(root=str(root), version=VersionInfo.parse(cli.version))
