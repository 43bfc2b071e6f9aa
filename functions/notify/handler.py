"""Entry point of the notify function: `functions.notify.handler.handle`."""

import os
from functools import cache
from typing import Any, Protocol

from functions.common.runtime.aws_clients import client
from functions.common.runtime.clock import now_ms
from functions.common.runtime.environment import from_variables
from functions.common.runtime.telemetry import Telemetry
from functions.notify.alert_records import DynamoDbAlertRecords
from functions.notify.environment import NotifyEnvironment
from functions.notify.notifier import Notifier
from functions.notify.topic import SnsTopic
from functions.notify.windows import DynamoDbAlertWindows

_environment = from_variables(NotifyEnvironment, os.environ)
_telemetry = Telemetry("notify")


@cache
def _dynamodb() -> Any:
    return client("dynamodb")


_notifier = Notifier(
    topic=SnsTopic(client("sns"), _environment.topic_arn),
    windows=DynamoDbAlertWindows(_dynamodb, _environment.profiles_table_name),
    records=DynamoDbAlertRecords(_dynamodb, _environment.table_name),
    telemetry=_telemetry,
    clock=now_ms,
)


class Context(Protocol):
    """What the function needs of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int: ...


def handle(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Handles one batch of the queue; returns which of its messages are to be delivered again."""
    with _telemetry.invocation():
        return _notifier.notify(event, context.get_remaining_time_in_millis)
