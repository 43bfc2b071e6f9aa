"""Entry point of the labels function: `functions.labels.handler.handle`."""

import os
from typing import Any

from functions.common.runtime.aws_clients import create_client
from functions.common.runtime.clock import now_ms
from functions.common.runtime.environment import read_environment
from functions.common.runtime.telemetry import Telemetry
from functions.labels.environment import LabelsEnvironment
from functions.labels.label_store import LabelStore
from functions.labels.post_label import create_endpoint

_environment = read_environment(LabelsEnvironment, os.environ)
_telemetry = Telemetry("labels")
_store = LabelStore(create_client("dynamodb"), _environment.table_name, _environment.profiles_table_name)
_endpoint = create_endpoint(_store, _telemetry, now_ms)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Respond to one `POST /labels`."""
    with _telemetry.invocation():
        return _endpoint.respond(event)
