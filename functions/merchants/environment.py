"""Environment variables of the merchants function."""

from typing import Annotated

from msgspec import Meta

from functions.common.runtime.environment import FunctionEnvironment


class MerchantsEnvironment(FunctionEnvironment, frozen=True, kw_only=True):
    """The table `profiles` contains the counts of the merchants."""

    profiles_table_name: Annotated[str, Meta(min_length=1)]
