"""The variables that `invoke env` sets in a shell."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration import shell_variables
from orchestration.environments import Environment
from orchestration.pulumi.pulumi_cli import PulumiCli

EMBEDDED_AWS = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
    "AWS_SECRET_ACCESS_KEY": "it's",
    "NO_PROXY": "127.0.0.1",
}
USER = {"PATH": "/bin", "HOME": "/home/ann", "AWS_PROFILE": "work"}


def apply(changes: shell_variables.Changes, inherited: shell_variables.Variables) -> dict[str, str]:
    return {name: value for name, value in {**inherited, **changes}.items() if value is not None}


@pytest.fixture
def cli(tmp_path: Path) -> PulumiCli:
    return PulumiCli(tmp_path / "cache" / "pulumi", "3.250.0")


def account_environment(root: Path, name: str, account_id: str) -> Environment:
    file = Environment(name, root).settings_file("foundation")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'config:\n  aws:region: eu-west-1\n  aws:allowedAccountIds: ["{account_id}"]\n')
    return Environment(name, root)


def test_local_has_the_embedded_aws_and_no_variable_of_the_users_account(
    tmp_path: Path, cli: PulumiCli
) -> None:
    inherited = {**USER, "PULUMI_ACCESS_TOKEN": "theirs"}
    local = Environment("local", tmp_path)
    variables = apply(shell_variables.build_changes(local, cli, EMBEDDED_AWS, inherited), inherited)
    assert variables.items() >= EMBEDDED_AWS.items()
    assert variables["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/.local/pulumi"
    assert variables["HOME"] == "/home/ann"
    assert not {"AWS_PROFILE", "PULUMI_ACCESS_TOKEN"} & variables.keys()


def test_hosts_without_a_proxy_are_extended(tmp_path: Path, cli: PulumiCli) -> None:
    inherited = {**USER, "NO_PROXY": "example.com"}
    changes = shell_variables.build_changes(Environment("local", tmp_path), cli, EMBEDDED_AWS, inherited)
    assert changes["NO_PROXY"] == "example.com,127.0.0.1"


def test_account_needs_only_the_backend_and_prints_no_credentials(tmp_path: Path, cli: PulumiCli) -> None:
    secrets = {"AWS_SECRET_ACCESS_KEY": "secret"}  # pragma: allowlist secret
    inherited = {**USER, **secrets, "PULUMI_CONFIG_PASSPHRASE": "secret"}
    dev = account_environment(tmp_path, "dev", "111111111111")
    changes = shell_variables.build_changes(dev, cli, {}, inherited)
    assert set(changes) == {"PATH", "FRAUD_ENV", "PULUMI_BACKEND_URL", "PULUMI_SKIP_UPDATE_CHECK"}
    assert "111111111111" in (changes["PULUMI_BACKEND_URL"] or "")


def test_backend_that_the_user_set_is_unchanged(tmp_path: Path, cli: PulumiCli) -> None:
    inherited = {**USER, "PULUMI_BACKEND_URL": "s3://ours"}
    dev = account_environment(tmp_path, "dev", "111111111111")
    changes = shell_variables.build_changes(dev, cli, {}, inherited)
    assert apply(changes, inherited)["PULUMI_BACKEND_URL"] == "s3://ours"


def test_shell_of_an_account_has_no_variable_of_local(tmp_path: Path, cli: PulumiCli) -> None:
    local = apply(
        shell_variables.build_changes(Environment("local", tmp_path), cli, EMBEDDED_AWS, USER), USER
    )
    account = account_environment(tmp_path, "dev", "111111111111")
    dev = apply(shell_variables.build_changes(account, cli, {}, local), local)
    assert not [name for name in dev if name.startswith("AWS_")]
    assert "111111111111" in dev["PULUMI_BACKEND_URL"]
    assert dev.keys() & {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_HOME", "PULUMI_IGNORE_AMBIENT_PLUGINS"} == set()
    assert dev["FRAUD_ENV"] == "dev"


def test_second_account_replaces_the_backend_of_the_first(tmp_path: Path, cli: PulumiCli) -> None:
    dev = account_environment(tmp_path, "dev", "111111111111")
    first = apply(shell_variables.build_changes(dev, cli, {}, USER), USER)
    assert apply(shell_variables.build_changes(dev, cli, {}, first), first) == first
    staging = account_environment(tmp_path, "staging", "222222222222")
    second = apply(shell_variables.build_changes(staging, cli, {}, first), first)
    assert "222222222222" in second["PULUMI_BACKEND_URL"]


def test_python_and_the_cli_are_first_on_path_once(tmp_path: Path, cli: PulumiCli) -> None:
    local = Environment("local", tmp_path)
    first = apply(shell_variables.build_changes(local, cli, EMBEDDED_AWS, USER), USER)
    assert first["PATH"].split(":") == [str(Path(sys.executable).parent), str(cli.path.parent), "/bin"]
    second = apply(shell_variables.build_changes(local, cli, EMBEDDED_AWS, first), first)
    assert second["PATH"] == first["PATH"]


def test_cli_that_is_on_path_is_not_moved(tmp_path: Path) -> None:
    binary = tmp_path / "usr" / "pulumi"
    binary.parent.mkdir()
    binary.touch(mode=0o755)
    local, cli = Environment("local", tmp_path), PulumiCli(binary, "3.250.0")
    changes = shell_variables.build_changes(local, cli, EMBEDDED_AWS, {"PATH": f"/bin:{binary.parent}"})
    assert (changes["PATH"] or "").split(":")[1:] == ["/bin", str(binary.parent)]


def test_shell_reads_every_value_unchanged() -> None:
    values = {"QUOTES": 'it\'s "two" $HOME `id` \\ words', "LINES": "a\nb"}
    script = shell_variables.format_script({**values, "REMOVED": None})
    dump = f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"
    process = subprocess.run(
        ["sh", "-ec", f'eval "$SCRIPT"\n{dump}'],
        env={**os.environ, "SCRIPT": script, "REMOVED": "here"},
        capture_output=True,
        text=True,
        check=True,
    )
    variables = json.loads(process.stdout)
    assert variables.items() >= values.items()
    assert "REMOVED" not in variables
