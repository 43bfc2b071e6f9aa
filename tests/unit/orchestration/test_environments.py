import pytest

from orchestration import environments
from orchestration.pulumi.variables import inherited_variables, pulumi_variables
from terminal.errors import UserError

USERS = {"PATH": "/bin", "AWS_PROFILE": "production", "PULUMI_BACKEND_URL": "s3://state"}


def test_a_wrong_environment_lists_the_right_ones() -> None:
    with pytest.raises(UserError, match=r"no environment 'live'.* local, dev, staging, prod"):
        environments.find("live")


def test_a_shell_of_another_environment_is_refused() -> None:
    with pytest.raises(UserError, match="'staging'"):
        environments.find("dev", variables={"FRAUD_ENV": "staging"})


@pytest.mark.parametrize(("name", "shell"), [("dev", "dev"), ("local", "dev"), ("dev", "")])
def test_a_shell_of_the_same_environment_is_used_and_local_needs_none(name: str, shell: str) -> None:
    assert environments.find(name, variables={"FRAUD_ENV": shell}).name == name


def test_local_inherits_nothing_of_the_users_aws_or_pulumi() -> None:
    assert inherited_variables(environments.find("local"), USERS) == {"PATH": "/bin"}


def test_an_account_keeps_the_users_backend_and_credentials() -> None:
    prod = environments.find("prod")
    assert {**inherited_variables(prod, USERS), **pulumi_variables(prod, USERS)}.items() >= USERS.items()


def test_local_state_is_in_the_clone() -> None:
    local = environments.find("local")
    assert pulumi_variables(local)["PULUMI_BACKEND_URL"] == f"file://{local.root}/.local/pulumi"
