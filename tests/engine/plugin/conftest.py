"""The Pulumi engine with the plugin, for the tests of this folder."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from pulumi import automation as auto
from semver import VersionInfo

from local.embedded import EmbeddedAws
from local.plugin.install import install_provider
from orchestration.pulumi import pulumi_cli
from tests.engine.plugin.engine import ACCOUNT, EngineUnderTest


@pytest.fixture(scope="session")
def engine(aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> EngineUnderTest:
    """The engine on an embedded AWS, with its own account, backend and PULUMI_HOME.

    It has its own account because some resources are settings of the account, for example the role of API
    Gateway.
    """
    # The embedded AWS accepts an account id as the access key of the account's root user.
    credentials = replace(aws.endpoint.credentials, access_key_id=ACCOUNT)
    account = replace(aws, endpoint=replace(aws.endpoint, credentials=credentials))
    folder: Path = tmp_path_factory.mktemp("engine")
    install_provider(folder / "home")
    (folder / "state").mkdir()
    cli = pulumi_cli.find_cli(quiet=True)
    variables = {
        **account.environment(),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
    }
    command = auto.PulumiCommand(root=str(cli.path.parents[1]), version=VersionInfo.parse(cli.version))
    return EngineUnderTest(cli=command, folder=folder, variables=variables, client=cache(account.client))
