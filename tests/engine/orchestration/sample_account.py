"""Sample projects in an AWS account of the embedded AWS."""

import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.embedded import EmbeddedAws
from orchestration.bootstrap.bootstrap import bootstrap_account
from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.pulumi.command import ControlledCommand
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.pulumi_cli import PulumiCli
from orchestration.pulumi.variables import inherited_variables
from terminal.errors import UserError
from tests.engine.orchestration.sample_stacks import FIRST, SECOND, SampleStacks

LAYERS = (FIRST, SECOND)
USER_VARIABLES = (
    "PULUMI_BACKEND_URL",
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_API",
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
)
SETTINGS = "# Settings.\nconfig:\n  sample:unused: 1\n"


def create_account_id() -> str:
    """Return the ID of an account that no other test uses. The embedded AWS has every account."""
    return f"1{secrets.randbelow(10**11):011d}"


def account_variables(aws: EmbeddedAws, account: str, home: Path) -> dict[str, str]:
    """Return the environment variables of a process with the credentials of that account."""
    return {
        **aws.environment(),
        # For the emulator, an access key that is an account ID belongs to the root user of the account.
        "AWS_ACCESS_KEY_ID": account,
        "PULUMI_HOME": str(home),
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


@dataclass
class SampleAccount:
    """The environment `dev` in the account, defined by the tree at `root`."""

    root: Path
    cli: PulumiCli
    account: str
    region: str = "us-east-1"
    questions: list[str] = field(default_factory=list)

    @classmethod
    def create(cls, root: Path, cli: PulumiCli, account: str, region: str = "us-east-1") -> "SampleAccount":
        """Write the projects and the settings."""
        stacks = SampleStacks.create(root, cli)
        sample = cls(root, cli, account, region)
        shutil.copytree(stacks.environment.state_folder / "pulumi-home", sample.home, symlinks=True)
        for layer in LAYERS:
            sample.settings(layer.name).write_text(SETTINGS)
        sample.settings("foundation").parent.mkdir()
        sample.settings("foundation").write_text(
            f'config:\n  aws:region: {region}\n  aws:allowedAccountIds: ["{account}"]\n'
        )
        return sample

    def enter(self, aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> "SampleAccount":
        """Set the account's credentials in the process, and unset the variables of the user."""
        for name, value in account_variables(aws, self.account, self.home).items():
            monkeypatch.setenv(name, value)
        for name in USER_VARIABLES:
            monkeypatch.delenv(name, raising=False)
        return self

    @property
    def environment(self) -> Environment:
        return Environment("dev", self.root)

    @property
    def home(self) -> Path:
        """The PULUMI_HOME with the sample plugin."""
        return self.root / "home"

    @property
    def bucket(self) -> str:
        return f"fraud-pipeline-state-{self.account}-{self.region}"

    def settings(self, layer: str) -> Path:
        return self.environment.settings_file(layer)

    def engine(self) -> Engine:
        """Return a new engine."""
        command = ControlledCommand(self.cli.path, self.cli.version, inherited_variables(self.environment))
        return Engine(self.environment, command)

    def bootstrap(self, *, agree: bool = True, layers: Sequence[Layer] = ()) -> None:
        """Run `invoke bootstrap` for the stacks of these layers, and record its questions."""
        self.questions.clear()
        bootstrap_account(
            self.environment, self.engine, self._answer(agree=agree), layers=layers, pause=_fail_pause
        )

    def client(self, service: str) -> Any:
        """Return a client of the account's root user."""
        # The default session would keep the credentials of the first test.
        return boto3.Session().client(service, region_name=self.region)  # type: ignore[call-overload]

    def as_user(self, action: str) -> Any:
        """Return an S3 client of a user with that permission, because policies do not apply to root."""
        iam, name = self.client("iam"), "writer"
        iam.create_user(UserName=name)
        statement = {"Effect": "Allow", "Action": action, "Resource": f"arn:aws:s3:::{self.bucket}/*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="write", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"])
        return session.client("s3", region_name=self.region)

    def usable_keys(self) -> list[Mapping[str, Any]]:
        """Return the account's KMS keys without a pending deletion."""
        kms = self.client("kms")
        keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
        return [key for key in keys if key["KeyState"] != "PendingDeletion"]

    def _answer(self, *, agree: bool) -> Any:
        def answer(question: str) -> None:
            self.questions.append(question)
            if not agree:
                raise UserError("Nothing was changed.")

        return answer


def _fail_pause(seconds: float) -> None:
    raise AssertionError(f"the embedded AWS is consistent and needs no pause of {seconds} seconds")
