"""`POST /labels`: validates and stores a label, and counts it into the profiles."""

from functools import partial

import msgspec

from functions.common.domain.fields import Field
from functions.common.domain.transaction import MAX_CLOCK_SKEW_MS
from functions.common.dynamodb.client import TransactionNotFoundError
from functions.common.http import problem
from functions.common.http.body import check_time_unit, read_fields
from functions.common.http.post_endpoint import PostEndpoint, SuccessResponse
from functions.common.http.problem import FieldError
from functions.common.runtime.clock import Clock
from functions.common.runtime.telemetry import Telemetry
from functions.labels.label import LABEL_FIELDS, Label, LabelResponse
from functions.labels.label_store import LabelStore, LabelWriteResult

_STATUS_AND_METRIC = {
    LabelWriteResult.STORED: (201, "LabelsStored"),
    LabelWriteResult.CHANGED: (200, "LabelsChanged"),
    LabelWriteResult.UNCHANGED: (200, "LabelsReplayed"),
}


def create_endpoint(store: LabelStore, telemetry: Telemetry, clock: Clock) -> PostEndpoint:
    return PostEndpoint(partial(post_label, store, telemetry), LABEL_FIELDS, telemetry, clock)


def post_label(store: LabelStore, telemetry: Telemetry, body: str, received_at: int) -> SuccessResponse:
    """Store the label in a request's body. Raises ProblemError."""
    label = parse_label(body, received_at)
    telemetry.set_transaction(label.transaction_id)
    try:
        timestamp = label.timestamp
        if timestamp is None:
            timestamp = store.find_timestamp(label.transaction_id)
        _check_report_time(label, timestamp)
        result = store.put(label, timestamp, received_at)
    except TransactionNotFoundError:
        raise problem.unknown_transaction() from None
    status, metric = _STATUS_AND_METRIC[result]
    telemetry.count(metric)
    telemetry.info(f"label {result.value}", label=label.label)
    return SuccessResponse(
        status,
        LabelResponse(
            transaction_id=label.transaction_id,
            timestamp=timestamp,
            label=label.label,
            status=result.value,
        ),
    )


def parse_label(text: str, now_ms: int) -> Label:
    """Read the label in a request's body. Raises ProblemError (400), which names all invalid fields."""

    def convert(field: Field, value: object) -> object:
        is_time = field.name in ("timestamp", "reported_at")
        if is_time:
            check_time_unit(value)
        converted = msgspec.convert(value, field.type)
        if is_time and converted > now_ms + MAX_CLOCK_SKEW_MS:
            raise ValueError("in the future")
        return converted

    values = read_fields(text, LABEL_FIELDS, convert, "label")
    return Label(**values)  # type: ignore[arg-type]  # each value has its field's type


def _check_report_time(label: Label, timestamp: int) -> None:
    """Raise ProblemError (400) for a label that was reported before its transaction."""
    if label.reported_at is not None and label.reported_at < timestamp:
        description = next(field.description for field in LABEL_FIELDS if field.name == "reported_at")
        raise problem.invalid_fields("label", [FieldError("reported_at", f"must be {description}")])
