"""Settings of a pipe from a DynamoDB stream to an event bus."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.delivery.streams.records import INFINITE

# https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_PipeSourceDynamoDBStreamParameters.html
DEFAULT_BATCH_SIZE = 100


@dataclass(frozen=True)
class PipeSettings:
    """The parameters of CreatePipe that the delivery needs, with AWS's defaults.

    `maximum_retries` and `maximum_record_age_seconds` are -1 for no limit. `patterns` are JSON texts; a
    record must match one of them if there are any.
    """

    arn: str
    name: str
    role_arn: str
    source_arn: str
    target_arn: str
    starting_position: str
    batch_size: int
    maximum_retries: int
    maximum_record_age_seconds: int
    bisect: bool
    dead_letter_arn: str | None
    patterns: tuple[str, ...]
    template: str | None
    event_source: str
    detail_type: str
    resources: tuple[str, ...]

    @classmethod
    def from_description(cls, pipe: Mapping[str, Any]) -> "PipeSettings":
        """From a response of DescribePipe."""
        source = pipe.get("SourceParameters") or {}
        stream = source.get("DynamoDBStreamParameters") or {}
        target = pipe.get("TargetParameters") or {}
        bus = target.get("EventBridgeEventBusParameters") or {}
        filters = (source.get("FilterCriteria") or {}).get("Filters") or []
        return cls(
            arn=pipe["Arn"],
            name=pipe["Name"],
            role_arn=pipe["RoleArn"],
            source_arn=pipe["Source"],
            target_arn=pipe["Target"],
            starting_position=stream.get("StartingPosition", "LATEST"),
            batch_size=stream.get("BatchSize", DEFAULT_BATCH_SIZE),
            maximum_retries=stream.get("MaximumRetryAttempts", INFINITE),
            maximum_record_age_seconds=stream.get("MaximumRecordAgeInSeconds", INFINITE),
            bisect=stream.get("OnPartialBatchItemFailure") == "AUTOMATIC_BISECT",
            dead_letter_arn=(stream.get("DeadLetterConfig") or {}).get("Arn"),
            patterns=tuple(item["Pattern"] for item in filters if item.get("Pattern")),
            template=target.get("InputTemplate") or None,
            event_source=bus.get("Source") or f"Pipe {pipe['Name']}",
            detail_type=bus.get("DetailType") or "Event from aws:dynamodb",
            resources=tuple(bus.get("Resources") or ()),
        )
