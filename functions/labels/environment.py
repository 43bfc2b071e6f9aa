"""What the labels function is told by the stack that deploys it."""

from typing import Annotated

from msgspec import Meta

from functions.common.runtime.environment import Environment


class LabelsEnvironment(Environment, frozen=True, kw_only=True):
    """The names of the table of transactions and of that of profiles."""

    table_name: Annotated[str, Meta(min_length=1)]
    profiles_table_name: Annotated[str, Meta(min_length=1)]
