"""Toy stacks in an AWS account of their own, which the embedded AWS plays."""

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
from orchestration.bootstrap.bootstrap import bootstrap
from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.pulumi.command import ControlledCommand
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.pulumi_cli import Cli
from orchestration.pulumi.variables import inherited_variables
from terminal.errors import UserError
from tests.engine.orchestration.toy_stacks import FIRST, SECOND, ToyStacks

LAYERS = (FIRST, SECOND)
OF_THE_USERS = ("PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN", "PULUMI_API", "AWS_PROFILE", "AWS_SESSION_TOKEN")
SETTINGS = "# Settings.\nconfig:\n  toy:unused: 1\n"


def an_account() -> str:
    """An account that no other test uses: the embedded AWS has any, each on its own."""
    return f"1{secrets.randbelow(10**11):011d}"


def variables(aws: EmbeddedAws, account: str, home: Path) -> dict[str, str]:
    """All that tells a process that its credentials are for that account, and where it is."""
    return {
        **aws.environment(),
        # To the emulator, such a key is the account's root user.
        "AWS_ACCESS_KEY_ID": account,
        "PULUMI_HOME": str(home),
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


@dataclass
class ToyAccount:
    """The environment `dev` in the account, described by `root`; the process has its credentials."""

    root: Path
    cli: Cli
    account: str
    region: str = "us-east-1"
    questions: list[str] = field(default_factory=list)

    @classmethod
    def make(cls, root: Path, cli: Cli, account: str, region: str = "us-east-1") -> "ToyAccount":
        """Write the projects and the settings."""
        toys = ToyStacks.make(root, cli)
        made = cls(root, cli, account, region)
        shutil.copytree(toys.environment.state_folder / "pulumi-home", made.home, symlinks=True)
        for layer in LAYERS:
            made.settings(layer.name).write_text(SETTINGS)
        made.settings("foundation").parent.mkdir()
        made.settings("foundation").write_text(
            f'config:\n  aws:region: {region}\n  aws:allowedAccountIds: ["{account}"]\n'
        )
        return made

    def enter(self, aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> "ToyAccount":
        """Give the process the account's credentials, and nothing of the user's."""
        for name, value in variables(aws, self.account, self.home).items():
            monkeypatch.setenv(name, value)
        for name in OF_THE_USERS:
            monkeypatch.delenv(name, raising=False)
        return self

    @property
    def environment(self) -> Environment:
        return Environment("dev", self.root)

    @property
    def home(self) -> Path:
        """The PULUMI_HOME with the toy plugin."""
        return self.root / "home"

    @property
    def bucket(self) -> str:
        return f"fraud-pipeline-state-{self.account}-{self.region}"

    def settings(self, layer: str) -> Path:
        return self.environment.settings_file(layer)

    def engine(self) -> Engine:
        """An engine of its own, as each command has."""
        command = ControlledCommand(self.cli.path, self.cli.version, inherited_variables(self.environment))
        return Engine(self.environment, command, all_layers=LAYERS)

    def bootstrap(self, *, agree: bool = True, layers: Sequence[Layer] = ()) -> None:
        """As `invoke bootstrap` does, with the stacks of these layers; questions are kept."""
        self.questions.clear()
        bootstrap(self.environment, self.engine, self._answer(agree=agree), layers=layers, pause=_never)

    def client(self, service: str) -> Any:
        """A client in the account, as root."""
        # Not of the default session, which keeps the credentials of the first test.
        return boto3.Session().client(service, region_name=self.region)  # type: ignore[call-overload]

    def as_user(self, action: str) -> Any:
        """A client of S3 of a user who may do that with the bucket: nothing is denied to root."""
        iam, name = self.client("iam"), "writer"
        iam.create_user(UserName=name)
        statement = {"Effect": "Allow", "Action": action, "Resource": f"arn:aws:s3:::{self.bucket}/*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="write", PolicyDocument=policy)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        session = boto3.Session(made["AccessKeyId"], made["SecretAccessKey"])
        return session.client("s3", region_name=self.region)

    def usable_keys(self) -> list[Mapping[str, Any]]:
        """The account's keys, without those that are to be deleted."""
        kms = self.client("kms")
        found = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
        return [key for key in found if key["KeyState"] != "PendingDeletion"]

    def _answer(self, *, agree: bool) -> Any:
        def answer(question: str) -> None:
            self.questions.append(question)
            if not agree:
                raise UserError("Nothing was changed.")

        return answer


def _never(seconds: float) -> None:
    raise AssertionError(f"the embedded AWS is consistent, but was waited for {seconds} seconds")
