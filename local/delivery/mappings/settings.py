"""Settings of an event source mapping from a DynamoDB stream to a function."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.delivery.streams.records import INFINITE

# The values that Lambda returns for parameters that a mapping of a stream does not set.
# https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
DEFAULTS: Mapping[str, Any] = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": INFINITE,
    "MaximumRetryAttempts": INFINITE,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
}


@dataclass(frozen=True)
class MappingSettings:
    """The parameters of CreateEventSourceMapping that the delivery needs.

    The windows are not scaled, unlike delays before retries: they are the user's settings.
    `tumbling_window_seconds` is 0 without a tumbling window. `maximum_retries` and
    `maximum_record_age_seconds` are -1 for no limit. `patterns` are JSON texts; a record must match one of
    them if there are any.
    """

    function_arn: str
    source_arn: str
    batch_size: int
    batching_window_seconds: int
    tumbling_window_seconds: int
    maximum_retries: int
    maximum_record_age_seconds: int
    bisect: bool
    reports_item_failures: bool
    destination_arn: str | None
    patterns: tuple[str, ...]

    @classmethod
    def from_description(cls, mapping: Mapping[str, Any]) -> "MappingSettings":
        """From a response of GetEventSourceMapping."""
        values = {**DEFAULTS, **{name: value for name, value in mapping.items() if value is not None}}
        filters = (values.get("FilterCriteria") or {}).get("Filters") or []
        on_failure = (values.get("DestinationConfig") or {}).get("OnFailure") or {}
        return cls(
            function_arn=values["FunctionArn"],
            source_arn=values["EventSourceArn"],
            batch_size=values["BatchSize"],
            batching_window_seconds=values["MaximumBatchingWindowInSeconds"],
            tumbling_window_seconds=values["TumblingWindowInSeconds"],
            maximum_retries=values["MaximumRetryAttempts"],
            maximum_record_age_seconds=values["MaximumRecordAgeInSeconds"],
            bisect=values["BisectBatchOnFunctionError"],
            reports_item_failures="ReportBatchItemFailures" in (values.get("FunctionResponseTypes") or ()),
            destination_arn=on_failure.get("Destination") or None,
            patterns=tuple(item["Pattern"] for item in filters if item.get("Pattern")),
        )
