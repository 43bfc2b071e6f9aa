"""What the fraud function is told by the stack that deploys it; rules and model are files beside the code."""

from typing import Annotated

from msgspec import Meta

from functions.common.runtime.environment import Environment


class FraudEnvironment(Environment, frozen=True, kw_only=True):
    """`queue_url`: where suspicious transactions go; `table_name`: that of transactions.

    `failure_queue_url`: where messages go that no attempt can process.

    Alerts of one account within `alert_window_seconds` are told of together; 0 tells of each.
    """

    queue_url: Annotated[str, Meta(min_length=1)]
    table_name: Annotated[str, Meta(min_length=1)]
    profiles_table_name: Annotated[str, Meta(min_length=1)]
    failure_queue_url: Annotated[str, Meta(min_length=1)]
    alert_window_seconds: Annotated[int, Meta(ge=0, le=900)]
