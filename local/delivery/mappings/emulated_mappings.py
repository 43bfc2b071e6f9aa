"""ministack's event source mappings from a table's stream to a function."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ministack.core.responses import request_scope  # type: ignore[import-untyped]
from ministack.services import lambda_svc  # type: ignore[import-untyped]

from local.aws_json import AwsError, AwsJson, Caller
from local.delivery import metrics
from local.delivery.async_queue import InvocationRefusedError, InvocationResult
from local.delivery.emulated_services import (
    assume_function_role,
    find_function,
    invoke_function,
    send_message,
)
from local.delivery.mappings.batches import TumblingWindow
from local.delivery.mappings.delivery import Progress
from local.delivery.mappings.settings import MappingSettings
from local.delivery.streams.records import created_at


class EmulatedMapping:
    """An event source mapping from a table's stream to a function."""

    def __init__(self, account: str, region: str, record: dict[str, Any], url: str) -> None:
        self._scope = (account, region)
        self._record = record
        self._url = url
        self.name = str(record["UUID"])
        # Calls in the region of the mapping.
        self.aws = AwsJson(url, region)

    @property
    def key(self) -> object:
        """Identifies the mapping."""
        return id(self._record)

    def settings(self) -> MappingSettings:
        """The current settings."""
        return MappingSettings.from_description(self._record)

    def is_running(self) -> bool:
        """True if the mapping exists and is enabled."""
        return self._exists() and bool(self._record["Enabled"])

    def progress(self) -> Progress:
        """The saved progress."""
        saved = lambda_svc._dynamodb_stream_positions.get_scoped(*self._scope, self.name) or {}
        window = saved.get("window")
        return Progress(saved.get("position"), TumblingWindow(**window) if window else None)

    def save(self, progress: Progress) -> None:
        """Store the progress where ministack stores positions of mappings: it saves them with its state."""
        if self._exists():
            lambda_svc._dynamodb_stream_positions.set_scoped(*self._scope, self.name, asdict(progress))

    def assume_role(self) -> Caller:
        """A session of the function's role, with which Lambda reads the stream. Raises AwsError."""
        try:
            _, config = find_function(self._record["FunctionArn"])
        except InvocationRefusedError as error:
            raise AwsError(error.code, str(error)) from error
        return assume_function_role(config)

    def invoke(self, event: dict[str, Any]) -> InvocationResult:
        """Invoke the function; a missing function counts as throttled, because Lambda waits for it."""
        if event["Records"]:
            self._record_iterator_age(time.time() - created_at(event["Records"][-1]))
        try:
            result = invoke_function(self._record["FunctionArn"], event)
        except InvocationRefusedError as error:
            return InvocationResult("throttled", str(error))
        self.set_result("OK" if result.result == "ok" else "PROBLEM: Function call failed")
        return result

    def set_result(self, text: str) -> None:
        """Set the last result that GetEventSourceMapping returns."""
        self._record["LastProcessingResult"] = text

    def discard(self, destination_arn: str, message: dict[str, Any]) -> bool:
        """Send a message with the function's role; returns whether the destination accepted it."""
        return send_message(self._url, self.assume_role(), destination_arn, json.dumps(message), {})

    def _exists(self) -> bool:
        return lambda_svc._esms.get_scoped(*self._scope, self.name) is self._record

    def _record_iterator_age(self, age_seconds: float) -> None:
        function = self._record["FunctionName"]
        with request_scope(*self._scope):
            metrics.record_metric(
                "AWS/Lambda", "IteratorAge", age_seconds * 1000, "Milliseconds", {"FunctionName": function}
            )


def list_stream_mappings(url: str) -> Sequence[EmulatedMapping]:
    """All mappings from a table's stream to a function."""
    return [
        EmulatedMapping(account, region, record, url)
        for account, region, record in lambda_svc._iter_all_esms()
        if ":dynamodb:" in record["EventSourceArn"]
    ]
