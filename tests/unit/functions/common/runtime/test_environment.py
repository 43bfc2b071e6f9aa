import pytest

from functions.api.environment import ApiEnvironment
from functions.common.runtime.environment import EnvironmentVariablesError, from_variables, to_variables


def test_environment_comes_back_from_its_variables() -> None:
    environment = ApiEnvironment(table_name="transactions", retention_days=400)
    variables = to_variables(environment)
    assert variables == {"TABLE_NAME": "transactions", "RETENTION_DAYS": "400"}
    assert from_variables(ApiEnvironment, variables | {"PATH": "/bin"}) == environment


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"TABLE_NAME": "transactions"}, "RETENTION_DAYS"),
        ({"TABLE_NAME": "", "RETENTION_DAYS": "1"}, "TABLE_NAME"),
        ({"TABLE_NAME": "transactions", "RETENTION_DAYS": "0"}, "RETENTION_DAYS"),
        ({"TABLE_NAME": "transactions", "RETENTION_DAYS": "soon"}, "RETENTION_DAYS"),
    ],
)
def test_variable_at_fault_is_named(variables: dict[str, str], named: str) -> None:
    with pytest.raises(EnvironmentVariablesError, match=named):
        from_variables(ApiEnvironment, variables)
