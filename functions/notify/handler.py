"""Entry point of the notify function: `functions.notify.handler.handle`."""

import os
from typing import Any, Protocol

from functions.common.aws import client
from functions.common.clock import now_ms
from functions.common.environment import from_variables
from functions.common.telemetry import Telemetry
from functions.notify.environment import NotifyEnvironment
from functions.notify.notifier import Notifier
from functions.notify.topic import SnsTopic
from functions.notify.windows import DynamoDbAlertWindows

_environment = from_variables(NotifyEnvironment, os.environ)
_telemetry = Telemetry("notify")
_notifier = Notifier(
    topic=SnsTopic(client("sns"), _environment.topic_arn),
    windows=DynamoDbAlertWindows(lambda: client("dynamodb"), _environment.profiles_table_name),
    telemetry=_telemetry,
    clock=now_ms,
)


class Context(Protocol):
    """What the function needs of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int: ...


def handle(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Handles one batch of the queue; returns which of its messages are to be delivered again."""
    try:
        return _notifier.notify(event, context.get_remaining_time_in_millis)
    finally:
        _telemetry.flush()
