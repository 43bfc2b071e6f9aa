"""Entry point of the api function: `functions.api.handler.handle`."""

import os
from typing import Any

from functions.api.dynamodb_store import DynamoDbStore
from functions.api.environment import ApiEnvironment
from functions.api.transactions import TransactionsApi
from functions.common.runtime.aws_clients import client
from functions.common.runtime.clock import now_ms
from functions.common.runtime.environment import from_variables
from functions.common.runtime.telemetry import Telemetry

_environment = from_variables(ApiEnvironment, os.environ)
_telemetry = Telemetry("api")
_api = TransactionsApi(
    store=DynamoDbStore(client("dynamodb"), _environment.table_name, _environment.retention_days),
    telemetry=_telemetry,
    clock=now_ms,
)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answers one POST /transactions."""
    with _telemetry.invocation():
        return _api.answer(event)
