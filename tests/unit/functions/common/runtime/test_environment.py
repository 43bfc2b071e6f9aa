import pytest

from functions.api.environment import ApiEnvironment
from functions.common.runtime.environment import (
    EnvironmentVariablesError,
    environment_variables,
    read_environment,
)


def test_environment_is_restored_from_its_variables() -> None:
    environment = ApiEnvironment(
        table_name="transactions", retention_days=400, max_transaction_age_days=30, extra_decimals="refuse"
    )
    variables = environment_variables(environment)
    assert variables == {
        "TABLE_NAME": "transactions",
        "RETENTION_DAYS": "400",
        "MAX_TRANSACTION_AGE_DAYS": "30",
        "EXTRA_DECIMALS": "refuse",
    }
    assert read_environment(ApiEnvironment, variables | {"PATH": "/bin"}) == environment


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"TABLE_NAME": "transactions"}, "RETENTION_DAYS"),
        ({"TABLE_NAME": "", "RETENTION_DAYS": "1"}, "TABLE_NAME"),
        ({"TABLE_NAME": "transactions", "RETENTION_DAYS": "0"}, "RETENTION_DAYS"),
        ({"TABLE_NAME": "transactions", "RETENTION_DAYS": "soon"}, "RETENTION_DAYS"),
    ],
)
def test_error_names_the_invalid_variable(variables: dict[str, str], name: str) -> None:
    with pytest.raises(EnvironmentVariablesError, match=name):
        read_environment(ApiEnvironment, variables)
