"""Environment variables of the api function."""

from typing import Annotated

from msgspec import Meta

from functions.common.runtime.environment import FunctionEnvironment


class ApiEnvironment(FunctionEnvironment, frozen=True, kw_only=True):
    """`retention_days` is the time after which the table's TTL deletes a transaction."""

    table_name: Annotated[str, Meta(min_length=1)]
    retention_days: Annotated[int, Meta(ge=1)]
