"""The response of a function to a batch: processed records, state of the tumbling window, or a failure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.delivery.async_queue import InvocationResult
from local.delivery.mappings.settings import MappingSettings
from local.delivery.streams.records import StreamRecord, sequence_number


@dataclass(frozen=True)
class BatchOutcome:
    """The first `processed` records are processed; `failure` is the reason for which the others are not.

    A throttled invocation is repeated without counting as a retry. `state` is that of the tumbling window.
    """

    processed: int
    failure: str = ""
    throttled: bool = False
    state: Any = None

    @classmethod
    def from_result(
        cls, result: InvocationResult, batch: Sequence[StreamRecord], settings: MappingSettings
    ) -> "BatchOutcome":
        """Interpret the result of an invocation as Lambda does.

        https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
        https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
        """
        response = result.response
        if result.result == "throttled":
            return cls(0, f"the function was not invoked: {response}", throttled=True)
        if result.result == "error":
            return cls(0, f"the function failed: {response}")
        is_object = isinstance(response, Mapping)
        if settings.tumbling_window_seconds and not (is_object and "state" in response):
            return cls(0, "the response has no state, which a tumbling window requires")
        state = response["state"] if settings.tumbling_window_seconds else None
        if settings.reports_item_failures and response:
            failures = response.get("batchItemFailures") if is_object else [response]
            if failures:
                first = _first_failure(failures, batch)
                return cls(first, "the function reported failed records", state=state)
        return cls(len(batch), state=state)


def _first_failure(failures: Any, batch: Sequence[StreamRecord]) -> int:
    """Index of the first failed record; 0, a complete failure, if an identifier is not one of the batch."""
    positions = {sequence_number(record): index for index, record in enumerate(batch)}
    try:
        return min(positions[failure["itemIdentifier"]] for failure in failures)
    except (KeyError, TypeError):
        return 0
