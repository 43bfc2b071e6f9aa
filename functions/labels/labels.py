"""Answers POST /labels: reads, validates, stores, counts, and says what became of it."""

from typing import Any

import msgspec

from functions.common.domain.fields import Field
from functions.common.domain.transaction import AHEAD_MS
from functions.common.http import problem
from functions.common.http.body import read_fields
from functions.common.http.endpoint import Endpoint, Event
from functions.common.http.problem import FieldError
from functions.common.http.request import body_of
from functions.common.runtime.clock import Clock
from functions.common.runtime.telemetry import Telemetry
from functions.labels.label import FIELDS, Label
from functions.labels.store import LabelStore, Outcome, UnknownTransactionError

_SUCCESS = {
    Outcome.STORED: (201, "LabelsStored"),
    Outcome.CHANGED: (200, "LabelsChanged"),
    Outcome.UNCHANGED: (200, "LabelsReplayed"),
}


class LabelsApi:
    """The API in front of one store."""

    def __init__(self, store: LabelStore, telemetry: Telemetry, clock: Clock) -> None:
        self._store = store
        self._telemetry = telemetry
        self._clock = clock
        self._endpoint = Endpoint(self._post, FIELDS, telemetry)

    def answer(self, event: Event) -> dict[str, Any]:
        """The answer to an event of API Gateway's Lambda proxy integration. Raises nothing."""
        return self._endpoint.answer(event)

    def _post(self, event: Event) -> tuple[int, object]:
        now = self._clock()
        label = parse_label(body_of(event), now)
        self._telemetry.about(label.transaction_id)
        try:
            outcome = self._store.put(label, now)
        except UnknownTransactionError:
            raise problem.unknown_transaction() from None
        status, metric = _SUCCESS[outcome]
        self._telemetry.count(metric)
        self._telemetry.info(f"label {outcome.value}", label=label.label)
        return status, {
            "transaction_id": label.transaction_id,
            "timestamp": label.timestamp,
            "label": label.label,
            "status": outcome.value,
        }


def parse_label(text: str, now_ms: int) -> Label:
    """The label in a request's body. Raises ProblemError (400), naming all fields at fault."""

    def convert(field: Field, value: object) -> object:
        converted = msgspec.convert(value, field.type)
        if field.name in ("timestamp", "reported_at") and converted > now_ms + AHEAD_MS:
            raise ValueError("in the future")
        return converted

    label = Label(**read_fields(text, FIELDS, convert, "label"))  # type: ignore[arg-type]  # converted each
    if label.reported_at is not None and label.reported_at < label.timestamp:
        description = next(field.description for field in FIELDS if field.name == "reported_at")
        raise problem.invalid("label", [FieldError("reported_at", f"must be {description}")])
    return label
