"""Entry point of the notify function: `functions.notify.handler.handle`."""

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from functions.common.runtime.aws_clients import create_client
from functions.common.runtime.clock import now_ms
from functions.common.runtime.environment import read_environment
from functions.common.runtime.telemetry import Telemetry
from functions.notify.alert_records import AlertRecords
from functions.notify.environment import NotifyEnvironment
from functions.notify.notifier import Notifier
from functions.notify.publisher import AlertPublisher

if TYPE_CHECKING:
    from functions.common.runtime.lambda_context import LambdaContext

_environment = read_environment(NotifyEnvironment, os.environ)
_telemetry = Telemetry("notify")


@cache
def _connect_to_dynamodb() -> Any:
    return create_client("dynamodb")


_notifier = Notifier(
    publisher=AlertPublisher(create_client("sns"), _environment.topic_arn),
    records=AlertRecords(_connect_to_dynamodb, _environment.table_name, _environment.profiles_table_name),
    telemetry=_telemetry,
    clock=now_ms,
)


def handle(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Process one batch of the queue `suspicious`. Returns the messages to deliver again."""
    with _telemetry.invocation():
        return _notifier.process_batch(event, context.get_remaining_time_in_millis)
