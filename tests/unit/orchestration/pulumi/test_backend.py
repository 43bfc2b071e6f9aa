from pathlib import Path

import pytest

from orchestration.environments import Environment
from orchestration.pulumi.backend import choose_secrets_provider, find_account_state, find_backend_url
from orchestration.pulumi.variables import pulumi_variables
from terminal.errors import UserError

BUCKET = "s3://fraud-pipeline-state-111111111111-eu-west-1?region=eu-west-1"
KEY = "awskms://alias/fraud-pipeline-state?region=eu-west-1"


@pytest.fixture
def dev(tmp_path: Path) -> Environment:
    return configure_dev(tmp_path)


def configure_dev(root: Path, *, top: str = "", more: str = "") -> Environment:
    """Write settings with an account, and with `top` and `more` around them."""
    environment = Environment("dev", root)
    file = environment.settings_file("foundation")
    file.parent.mkdir(parents=True)
    file.write_text(
        f'{top}config:\n  aws:region: eu-west-1\n  aws:allowedAccountIds: ["111111111111"]\n{more}'
    )
    return environment


def test_account_has_its_own_state_bucket(dev: Environment) -> None:
    assert find_backend_url(dev, {}) == BUCKET
    assert pulumi_variables(dev, {})["PULUMI_BACKEND_URL"] == BUCKET


def test_name_suffix_gives_each_team_its_own_bucket_and_key(tmp_path: Path) -> None:
    blue = configure_dev(tmp_path, more="  fraud-foundation:nameSuffix: blue\n")
    assert find_backend_url(blue, {}) == BUCKET.replace("?", "-blue?", 1)
    assert choose_secrets_provider(blue, "foundation", {}) == KEY.replace("?", "-blue?")


def test_backend_of_the_user_takes_precedence(dev: Environment) -> None:
    users = {"PULUMI_BACKEND_URL": "s3://ours"}
    assert find_backend_url(dev, users) == "s3://ours"
    assert find_account_state(dev, users) is None


@pytest.mark.parametrize("more", [{}, {"PULUMI_CONFIG_PASSPHRASE": "other"}, {"PULUMI_ACCESS_TOKEN": "set"}])
def test_backend_url_of_the_account_is_not_a_choice_of_the_user(
    dev: Environment, more: dict[str, str]
) -> None:
    variables = {"PULUMI_BACKEND_URL": BUCKET, **more}
    assert find_account_state(dev, variables)
    assert find_backend_url(dev, variables) == BUCKET
    assert choose_secrets_provider(dev, "foundation", variables) == KEY


@pytest.mark.parametrize("name", ["PULUMI_ACCESS_TOKEN", "PULUMI_API"])
def test_url_of_pulumi_cloud_is_determined_by_the_cli(dev: Environment, name: str) -> None:
    assert find_backend_url(dev, {name: "set"}) is None
    assert "PULUMI_BACKEND_URL" not in pulumi_variables(dev, {name: "set"})


def test_local_state_ignores_the_backend_of_the_user(tmp_path: Path) -> None:
    local = Environment("local", tmp_path)
    assert find_backend_url(local, {"PULUMI_BACKEND_URL": "s3://ours"}) == f"file://{tmp_path}/.local/pulumi"


def test_secrets_of_a_new_stack_are_encrypted_with_the_key_of_the_account(dev: Environment) -> None:
    assert choose_secrets_provider(dev, "foundation", {}) == KEY


def test_passphrase_is_ignored_without_a_backend_of_the_user(dev: Environment) -> None:
    assert choose_secrets_provider(dev, "foundation", {"PULUMI_CONFIG_PASSPHRASE": "other"}) == KEY


@pytest.mark.parametrize(
    ("users", "provider"),
    [
        ({"PULUMI_BACKEND_URL": "s3://ours"}, KEY),
        ({"PULUMI_BACKEND_URL": "s3://ours", "PULUMI_CONFIG_PASSPHRASE": "ours"}, None),
        ({"PULUMI_BACKEND_URL": "https://api.pulumi.com"}, None),
        ({"PULUMI_ACCESS_TOKEN": "set"}, None),
    ],
)
def test_backend_of_the_user_can_have_its_own_encryption(
    dev: Environment, users: dict[str, str], provider: str | None
) -> None:
    assert choose_secrets_provider(dev, "foundation", users) == provider


def test_secrets_provider_in_the_settings_takes_precedence_on_every_backend(tmp_path: Path) -> None:
    dev = configure_dev(tmp_path, top="secretsprovider: awskms://alias/mine\n")
    for users in ({}, {"PULUMI_ACCESS_TOKEN": "set"}):
        assert choose_secrets_provider(dev, "foundation", users) == "awskms://alias/mine"


def test_settings_with_a_salt_continue_to_use_a_passphrase(tmp_path: Path) -> None:
    dev = configure_dev(tmp_path, top="encryptionsalt: v1:abc\n")
    assert choose_secrets_provider(dev, "foundation", {}) is None


def test_missing_settings_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"stacks/foundation/Pulumi\.dev\.yaml"):
        find_backend_url(Environment("dev", tmp_path), {})
