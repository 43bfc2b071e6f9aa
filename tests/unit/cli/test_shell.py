"""The variables of a shell for plain `pulumi`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli import shell
from orchestration.environments import Environment
from orchestration.pulumi.pulumi_cli import Cli

EMBEDDED = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
    "AWS_SECRET_ACCESS_KEY": "it's",
    "NO_PROXY": "127.0.0.1",
}
USERS = {"PATH": "/bin", "HOME": "/home/ann", "AWS_PROFILE": "work"}


def after(changes: shell.Changes, inherited: shell.Variables) -> dict[str, str]:
    """The variables of the shell once the changes are made."""
    return {name: value for name, value in {**inherited, **changes}.items() if value is not None}


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "cache" / "pulumi", "3.250.0")


def account(root: Path, name: str, number: str) -> Environment:
    file = Environment(name, root).settings_file("foundation")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'config:\n  aws:region: eu-west-1\n  aws:allowedAccountIds: ["{number}"]\n')
    return Environment(name, root)


def test_local_has_the_embedded_aws_and_nothing_of_the_users_account(tmp_path: Path, cli: Cli) -> None:
    inherited = {**USERS, "PULUMI_ACCESS_TOKEN": "theirs"}
    variables = after(shell.changes(Environment("local", tmp_path), cli, EMBEDDED, inherited), inherited)
    assert variables.items() >= EMBEDDED.items()
    assert variables["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/.local/pulumi"
    assert variables["HOME"] == "/home/ann"
    assert not {"AWS_PROFILE", "PULUMI_ACCESS_TOKEN"} & variables.keys()


def test_hosts_that_need_no_proxy_stay_so(tmp_path: Path, cli: Cli) -> None:
    inherited = {**USERS, "NO_PROXY": "example.com"}
    changes = shell.changes(Environment("local", tmp_path), cli, EMBEDDED, inherited)
    assert changes["NO_PROXY"] == "example.com,127.0.0.1"


def test_an_account_needs_no_more_than_the_backend_and_prints_no_credentials(
    tmp_path: Path, cli: Cli
) -> None:
    inherited = {**USERS, "AWS_SECRET_ACCESS_KEY": "secret", "PULUMI_CONFIG_PASSPHRASE": "secret"}
    changes = shell.changes(account(tmp_path, "dev", "111111111111"), cli, {}, inherited)
    assert set(changes) == {"PATH", "FRAUD_ENV", "PULUMI_BACKEND_URL", "PULUMI_SKIP_UPDATE_CHECK"}
    assert "111111111111" in (changes["PULUMI_BACKEND_URL"] or "")


def test_the_backend_of_the_user_stays(tmp_path: Path, cli: Cli) -> None:
    inherited = {**USERS, "PULUMI_BACKEND_URL": "s3://ours"}
    changes = shell.changes(account(tmp_path, "dev", "111111111111"), cli, {}, inherited)
    assert after(changes, inherited)["PULUMI_BACKEND_URL"] == "s3://ours"


def test_nothing_of_local_is_left_in_the_shell_of_an_account(tmp_path: Path, cli: Cli) -> None:
    local = after(shell.changes(Environment("local", tmp_path), cli, EMBEDDED, USERS), USERS)
    dev = after(shell.changes(account(tmp_path, "dev", "111111111111"), cli, {}, local), local)
    assert not [name for name in dev if name.startswith("AWS_")]
    assert "111111111111" in dev["PULUMI_BACKEND_URL"]
    assert dev.keys() & {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_HOME", "PULUMI_IGNORE_AMBIENT_PLUGINS"} == set()
    assert dev["FRAUD_ENV"] == "dev"


def test_one_account_after_another_has_its_own_backend(tmp_path: Path, cli: Cli) -> None:
    dev = account(tmp_path, "dev", "111111111111")
    first = after(shell.changes(dev, cli, {}, USERS), USERS)
    assert after(shell.changes(dev, cli, {}, first), first) == first
    staging = after(shell.changes(account(tmp_path, "staging", "222222222222"), cli, {}, first), first)
    assert "222222222222" in staging["PULUMI_BACKEND_URL"]


def test_python_and_the_cli_go_first_on_path_once(tmp_path: Path, cli: Cli) -> None:
    local = Environment("local", tmp_path)
    first = after(shell.changes(local, cli, EMBEDDED, USERS), USERS)
    assert first["PATH"].split(":") == [str(Path(sys.executable).parent), str(cli.path.parent), "/bin"]
    assert after(shell.changes(local, cli, EMBEDDED, first), first)["PATH"] == first["PATH"]


def test_a_cli_on_path_stays_where_it_is(tmp_path: Path) -> None:
    binary = tmp_path / "usr" / "pulumi"
    binary.parent.mkdir()
    binary.touch(mode=0o755)
    inherited = {"PATH": f"/bin:{binary.parent}"}
    changes = shell.changes(Environment("local", tmp_path), Cli(binary, "3.250.0"), EMBEDDED, inherited)
    assert (changes["PATH"] or "").split(":")[1:] == ["/bin", str(binary.parent)]


def test_a_shell_takes_every_value_as_it_is() -> None:
    values = {"ONE": 'it\'s "two" $HOME `id` \\ words', "OTHER": "a\nb"}
    script = shell.script({**values, "GONE": None})
    dump = f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"
    done = subprocess.run(
        ["sh", "-ec", f'eval "$SCRIPT"\n{dump}'],
        env={**os.environ, "SCRIPT": script, "GONE": "here"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found.items() >= values.items()
    assert "GONE" not in found
