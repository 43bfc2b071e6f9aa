"""Entry point of the api function: `functions.api.handler.handle`."""

import os
from typing import Any

from functions.api.environment import ApiEnvironment
from functions.api.post_batch import create_batch_endpoint
from functions.api.post_transaction import create_endpoint
from functions.api.transaction_parser import TransactionParser
from functions.api.transaction_store import TransactionStore
from functions.common.runtime.aws_clients import create_client
from functions.common.runtime.clock import now_ms
from functions.common.runtime.environment import read_environment
from functions.common.runtime.lambda_context import LambdaContext
from functions.common.runtime.telemetry import Telemetry

_BATCH_RESOURCE = "/transactions/batch"
_HISTORIC_RESOURCE = "/transactions/historic"

_environment = read_environment(ApiEnvironment, os.environ)
_telemetry = Telemetry("api")
_store = TransactionStore(create_client("dynamodb"), _environment.table_name, _environment.retention_days)
_parser = TransactionParser(_environment.max_transaction_age_days, _environment.extra_decimals)
_endpoint = create_endpoint(_store, _parser, _telemetry, now_ms)
_batch_parsers = {_BATCH_RESOURCE: _parser, _HISTORIC_RESOURCE: _parser._replace(historic=True)}


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Respond to one `POST /transactions`, `/transactions/batch` or `/transactions/historic`."""
    with _telemetry.invocation():
        if parser := _batch_parsers.get(event.get("resource", "")):
            remaining_ms = context.get_remaining_time_in_millis
            return create_batch_endpoint(_store, parser, _telemetry, now_ms, remaining_ms).respond(event)
        return _endpoint.respond(event)
