"""Entry point of the labels function: `functions.labels.handler.handle`."""

import os
from typing import Any

from functions.common.runtime.aws_clients import client
from functions.common.runtime.clock import now_ms
from functions.common.runtime.environment import from_variables
from functions.common.runtime.telemetry import Telemetry
from functions.labels.dynamodb_store import DynamoDbLabelStore
from functions.labels.environment import LabelsEnvironment
from functions.labels.labels import LabelsApi

_environment = from_variables(LabelsEnvironment, os.environ)
_telemetry = Telemetry("labels")
_api = LabelsApi(
    store=DynamoDbLabelStore(client("dynamodb"), _environment.table_name, _environment.profiles_table_name),
    telemetry=_telemetry,
    clock=now_ms,
)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answers one POST /labels."""
    with _telemetry.invocation():
        return _api.answer(event)
