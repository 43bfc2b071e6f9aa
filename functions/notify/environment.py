"""What the notify function is told by the stack that deploys it."""

from typing import Annotated

from msgspec import Meta

from functions.common.runtime.environment import Environment


class NotifyEnvironment(Environment, frozen=True, kw_only=True):
    """`topic_arn`: where alerts are published.

    The table of transactions records published alerts; that of profiles counts the alerts of a window.
    """

    topic_arn: Annotated[str, Meta(min_length=1)]
    table_name: Annotated[str, Meta(min_length=1)]
    profiles_table_name: Annotated[str, Meta(min_length=1)]
