"""Where the state is: the user's choice goes before the account's own bucket."""

from pathlib import Path

import pytest

from orchestration.environments import Environment
from orchestration.pulumi.variables import pulumi_variables
from orchestration.state.backend import backend_url, in_account, secrets_provider
from terminal.errors import UserError

BUCKET = "s3://fraud-pipeline-state-111111111111-eu-west-1?region=eu-west-1"
KEY = "awskms://alias/fraud-pipeline-state?region=eu-west-1"


@pytest.fixture
def dev(tmp_path: Path) -> Environment:
    return configured(tmp_path)


def configured(root: Path, *, top: str = "", more: str = "") -> Environment:
    """An environment whose settings say this as well."""
    environment = Environment("dev", root)
    file = environment.settings_file("foundation")
    file.parent.mkdir(parents=True)
    file.write_text(
        f'{top}config:\n  aws:region: eu-west-1\n  aws:allowedAccountIds: ["111111111111"]\n{more}'
    )
    return environment


def test_the_state_of_an_account_is_in_a_bucket_of_its_own(dev: Environment) -> None:
    assert backend_url(dev, {}) == BUCKET
    assert pulumi_variables(dev, {})["PULUMI_BACKEND_URL"] == BUCKET


def test_teams_that_share_an_account_have_a_bucket_each(tmp_path: Path) -> None:
    blue = configured(tmp_path, more="  fraud-foundation:nameSuffix: blue\n")
    assert backend_url(blue, {}) == BUCKET.replace("?", "-blue?", 1)
    assert secrets_provider(blue, "foundation", {}) == KEY.replace("?", "-blue?")


def test_a_backend_that_the_user_set_is_taken(dev: Environment) -> None:
    users = {"PULUMI_BACKEND_URL": "s3://ours"}
    assert backend_url(dev, users) == "s3://ours"
    assert in_account(dev, users) is None


@pytest.mark.parametrize("more", [{}, {"PULUMI_CONFIG_PASSPHRASE": "other"}, {"PULUMI_ACCESS_TOKEN": "set"}])
def test_the_accounts_own_backend_is_no_choice_of_the_users(dev: Environment, more: dict[str, str]) -> None:
    variables = {"PULUMI_BACKEND_URL": BUCKET, **more}
    assert in_account(dev, variables)
    assert backend_url(dev, variables) == BUCKET
    assert secrets_provider(dev, "foundation", variables) == KEY


@pytest.mark.parametrize("name", ["PULUMI_ACCESS_TOKEN", "PULUMI_API"])
def test_pulumi_cloud_is_left_to_the_cli(dev: Environment, name: str) -> None:
    assert backend_url(dev, {name: "set"}) is None
    assert "PULUMI_BACKEND_URL" not in pulumi_variables(dev, {name: "set"})


def test_local_state_is_in_its_folder_whatever_the_user_set(tmp_path: Path) -> None:
    local = Environment("local", tmp_path)
    assert backend_url(local, {"PULUMI_BACKEND_URL": "s3://ours"}) == f"file://{tmp_path}/.local/pulumi"


def test_secrets_of_a_new_stack_are_encrypted_with_the_accounts_key(dev: Environment) -> None:
    assert secrets_provider(dev, "foundation", {}) == KEY


def test_a_passphrase_set_for_something_else_does_not_matter(dev: Environment) -> None:
    assert secrets_provider(dev, "foundation", {"PULUMI_CONFIG_PASSPHRASE": "other"}) == KEY


@pytest.mark.parametrize(
    ("users", "provider"),
    [
        ({"PULUMI_BACKEND_URL": "s3://ours"}, KEY),
        ({"PULUMI_BACKEND_URL": "s3://ours", "PULUMI_CONFIG_PASSPHRASE": "ours"}, None),
        ({"PULUMI_BACKEND_URL": "https://api.pulumi.com"}, None),
        ({"PULUMI_ACCESS_TOKEN": "set"}, None),
    ],
)
def test_a_backend_of_the_users_may_encrypt_secrets_in_its_own_way(
    dev: Environment, users: dict[str, str], provider: str | None
) -> None:
    assert secrets_provider(dev, "foundation", users) == provider


def test_the_secrets_provider_of_the_settings_is_kept_on_every_backend(tmp_path: Path) -> None:
    dev = configured(tmp_path, top="secretsprovider: awskms://alias/mine\n")
    for users in ({}, {"PULUMI_ACCESS_TOKEN": "set"}):
        assert secrets_provider(dev, "foundation", users) == "awskms://alias/mine"


def test_a_passphrase_that_the_settings_were_made_with_is_kept(tmp_path: Path) -> None:
    dev = configured(tmp_path, top="encryptionsalt: v1:abc\n")
    assert secrets_provider(dev, "foundation", {}) is None


def test_settings_without_an_account_say_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"stacks/foundation/Pulumi\.dev\.yaml: there is no such file"):
        backend_url(Environment("dev", tmp_path), {})
