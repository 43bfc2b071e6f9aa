"""A function's environment as one typed model: the stack fills the class that the function reads."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec


class Environment(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """Base of the functions' environments: the field `table_name` is the variable TABLE_NAME."""


E = TypeVar("E", bound=Environment)


class EnvironmentVariablesError(ValueError):
    """A variable is missing or has a value that the function cannot use."""


def to_variables(environment: Environment) -> dict[str, str]:
    """The variables to set on the function."""
    fields = msgspec.structs.fields(environment)
    return {field.encode_name: str(getattr(environment, field.name)) for field in fields}


def from_variables(model: type[E], variables: Mapping[str, str]) -> E:
    """The function's environment read from `variables` (`os.environ`); other variables are ignored.

    Raises EnvironmentVariablesError naming the variable at fault.
    """
    try:
        return msgspec.convert(dict(variables), model, strict=False)
    except msgspec.ValidationError as error:
        raise EnvironmentVariablesError(f"{model.__name__}: {error}") from error
