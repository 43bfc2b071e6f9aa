"""Environment variables of the fraud function. Its rules and models are files in the zip."""

from typing import Annotated

from msgspec import Meta

from functions.common.runtime.environment import FunctionEnvironment


class FraudEnvironment(FunctionEnvironment, frozen=True, kw_only=True):
    """`queue_url` is the queue `suspicious`; `table_name` is the table `transactions`.

    `retry_queue_url` is the queue for events that must wait, `failure_queue_url` the one for unreadable
    messages. Alerts of one account within
    `alert_window_seconds` are grouped; 0 sends each alert separately. The list of an account's suspicious
    decisions is retained for `retention_days`, as transactions are.
    """

    queue_url: Annotated[str, Meta(min_length=1)]
    table_name: Annotated[str, Meta(min_length=1)]
    profiles_table_name: Annotated[str, Meta(min_length=1)]
    retry_queue_url: Annotated[str, Meta(min_length=1)]
    failure_queue_url: Annotated[str, Meta(min_length=1)]
    alert_window_seconds: Annotated[int, Meta(ge=0, le=900)]
    retention_days: Annotated[int, Meta(ge=1)] = 90
