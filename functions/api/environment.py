"""What the api function is told by the stack that deploys it."""

from typing import Annotated

from msgspec import Meta

from functions.common.runtime.environment import Environment


class ApiEnvironment(Environment, frozen=True, kw_only=True):
    """`retention_days`: how long a transaction is kept before the table's TTL removes it."""

    table_name: Annotated[str, Meta(min_length=1)]
    retention_days: Annotated[int, Meta(ge=1)]
