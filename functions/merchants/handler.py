"""Entry point of the merchants function: `functions.merchants.handler.handle`."""

import os
from typing import Any

from functions.common.runtime.aws_clients import create_client
from functions.common.runtime.clock import now_ms
from functions.common.runtime.environment import read_environment
from functions.common.runtime.telemetry import Telemetry
from functions.merchants.environment import MerchantsEnvironment
from functions.merchants.merchant_counter import MerchantCounter

_environment = read_environment(MerchantsEnvironment, os.environ)
_telemetry = Telemetry("merchants")
_counter = MerchantCounter(create_client("dynamodb"), _environment.profiles_table_name, _telemetry, now_ms)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Count the merchants of one batch of the stream. After an exception, Lambda delivers the batch again."""
    with _telemetry.invocation():
        _counter.count_batch(event)
    # Lambda requires a state, because a tumbling window is set. Counts in a state would be lost with it.
    return {"state": {}, "batchItemFailures": []}
