"""Environment variables of a function as one typed model, which the stack fills and the function reads."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec


class FunctionEnvironment(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """The base class of the models. The field `table_name` is the variable TABLE_NAME."""


EnvironmentModel = TypeVar("EnvironmentModel", bound=FunctionEnvironment)


class EnvironmentVariablesError(ValueError):
    """An environment variable is missing or invalid."""


def environment_variables(environment: FunctionEnvironment) -> dict[str, str]:
    """The variables to set on the function, by name."""
    fields = msgspec.structs.fields(environment)
    return {field.encode_name: str(getattr(environment, field.name)) for field in fields}


def read_environment(model: type[EnvironmentModel], variables: Mapping[str, str]) -> EnvironmentModel:
    """Read the model from `variables`, such as `os.environ`. Other variables are ignored.

    Raises EnvironmentVariablesError, which names the variable.
    """
    try:
        return msgspec.convert(dict(variables), model, strict=False)
    except msgspec.ValidationError as error:
        raise EnvironmentVariablesError(f"{model.__name__}: {error}") from error
