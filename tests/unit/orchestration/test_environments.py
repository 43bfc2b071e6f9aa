import pytest

from orchestration import environments
from orchestration.pulumi.variables import inherited_variables, pulumi_variables
from terminal.errors import UserError

USER_VARIABLES = {"PATH": "/bin", "AWS_PROFILE": "production", "PULUMI_BACKEND_URL": "s3://state"}


def test_unknown_environment_lists_the_environments() -> None:
    with pytest.raises(UserError, match=r"'live'.* local, dev, staging, prod"):
        environments.find_environment("live")


def test_shell_of_another_environment_is_refused() -> None:
    with pytest.raises(UserError, match="'staging'"):
        environments.find_environment("dev", variables={"FRAUD_ENV": "staging"})


@pytest.mark.parametrize(("name", "shell"), [("dev", "dev"), ("local", "dev"), ("dev", "")])
def test_shell_of_the_same_environment_is_accepted_and_local_needs_none(name: str, shell: str) -> None:
    assert environments.find_environment(name, variables={"FRAUD_ENV": shell}).name == name


def test_local_inherits_no_variables_of_aws_or_pulumi() -> None:
    assert inherited_variables(environments.find_environment("local"), USER_VARIABLES) == {"PATH": "/bin"}


def test_account_keeps_the_backend_and_credentials_of_the_user() -> None:
    prod = environments.find_environment("prod")
    assert {
        **inherited_variables(prod, USER_VARIABLES),
        **pulumi_variables(prod, USER_VARIABLES),
    }.items() >= USER_VARIABLES.items()


def test_local_state_is_in_the_clone() -> None:
    local = environments.find_environment("local")
    assert pulumi_variables(local)["PULUMI_BACKEND_URL"] == f"file://{local.root}/.local/pulumi"
