"""Environment variables of the api function."""

from typing import Annotated

from msgspec import Meta

from functions.api.transaction_parser import ExtraDecimals
from functions.common.runtime.environment import FunctionEnvironment


class ApiEnvironment(FunctionEnvironment, frozen=True, kw_only=True):
    """`retention_days` is the time after which the table's TTL deletes a transaction.

    `max_transaction_age_days` and `extra_decimals`: the transactions that are accepted.
    """

    table_name: Annotated[str, Meta(min_length=1)]
    retention_days: Annotated[int, Meta(ge=1)]
    max_transaction_age_days: Annotated[int, Meta(ge=1)]
    extra_decimals: ExtraDecimals
