"""Environment variables of the notify function."""

from typing import Annotated

from msgspec import Meta

from functions.common.runtime.environment import FunctionEnvironment


class NotifyEnvironment(FunctionEnvironment, frozen=True, kw_only=True):
    """`topic_arn` is the topic for alerts.

    The table `transactions` records published alerts; the table `profiles` counts the alerts of a window.
    """

    topic_arn: Annotated[str, Meta(min_length=1)]
    table_name: Annotated[str, Meta(min_length=1)]
    profiles_table_name: Annotated[str, Meta(min_length=1)]
