"""Examples of requests and responses in the OpenAPI document."""

from typing import Any

import msgspec

from functions.api.post_batch import BatchResponse, BatchResult
from functions.api.post_transaction import TransactionResponse
from functions.common.http import problem
from functions.common.http.batch_schema import BATCH_FIELD, MAX_BATCH_BYTES, MAX_BATCH_ENTRIES
from functions.common.http.body import MAX_BODY_BYTES
from functions.common.http.problem import FieldError, ProblemError
from functions.labels.label import LabelResponse

_TIMESTAMP = 1_767_225_600_000
TRANSACTION: dict[str, Any] = {
    "transaction_id": "t-1",
    "account_id": "a-1",
    "merchant_id": "m-1",
    "amount": "12.50",
    "currency": "EUR",
    "timestamp": _TIMESTAMP,
    "channel": "ecommerce",
}
BATCH: dict[str, Any] = {BATCH_FIELD: [TRANSACTION, {**TRANSACTION, "transaction_id": "t 2"}]}
LABEL: dict[str, Any] = {"transaction_id": "t-1", "label": "fraud", "source": "chargeback"}

_INVALID_TRANSACTION = problem.invalid_fields(
    "transaction",
    [FieldError("transaction_id", "must be a string of 1 to 64 letters, digits, '_' and '-'")],
)
_INVALID_LABEL = problem.invalid_fields("label", [FieldError("label", "must be one of fraud, genuine")])
_MALFORMED = problem.malformed_body("Expecting value (line 1, column 1)")
_STORE_PROBLEMS = (problem.internal_error(), problem.store_busy(), problem.service_unavailable())


def transaction_response(status: Any) -> TransactionResponse:
    return TransactionResponse(transaction_id="t-1", timestamp=_TIMESTAMP, status=status)


def label_response(status: Any) -> LabelResponse:
    return LabelResponse(transaction_id="t-1", timestamp=_TIMESTAMP, label="fraud", status=status)


BATCH_RESPONSE = BatchResponse(
    results=[
        BatchResult(status=201, body=transaction_response("stored")),
        BatchResult(status=400, problem=_INVALID_TRANSACTION.problem),
    ]
)


def _body_problems(max_bytes: int) -> tuple[ProblemError, ...]:
    return (problem.body_too_large(max_bytes), problem.unsupported_media_type())


# The error responses of the functions, by route.
TRANSACTION_PROBLEMS = (
    _MALFORMED,
    _INVALID_TRANSACTION,
    problem.id_taken(),
    *_body_problems(MAX_BODY_BYTES),
    *_STORE_PROBLEMS,
)
LABEL_PROBLEMS = (
    _MALFORMED,
    _INVALID_LABEL,
    problem.unknown_transaction(),
    *_body_problems(MAX_BODY_BYTES),
    *_STORE_PROBLEMS,
)
# The problems of single transactions are in the results.
BATCH_PROBLEMS = (
    problem.malformed_batch(MAX_BATCH_ENTRIES),
    *_body_problems(MAX_BATCH_BYTES),
    problem.internal_error(),
)


def to_json(value: object) -> Any:
    """The JSON value of a model."""
    return msgspec.json.decode(msgspec.json.encode(value))
