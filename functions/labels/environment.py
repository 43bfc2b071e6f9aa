"""Environment variables of the labels function."""

from typing import Annotated

from msgspec import Meta

from functions.common.runtime.environment import FunctionEnvironment


class LabelsEnvironment(FunctionEnvironment, frozen=True, kw_only=True):
    """The names of the tables `transactions` and `profiles`."""

    table_name: Annotated[str, Meta(min_length=1)]
    profiles_table_name: Annotated[str, Meta(min_length=1)]
