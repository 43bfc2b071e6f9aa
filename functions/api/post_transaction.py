"""`POST /transactions`: validates and stores a transaction."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import partial

import msgspec

from functions.api.transaction_store import TransactionStore, WriteResult
from functions.common.domain.countries import COUNTRIES
from functions.common.domain.currencies import CURRENCIES
from functions.common.domain.fields import Field
from functions.common.domain.transaction import (
    MAX_CLOCK_SKEW_MS,
    MAX_FRACTION_DIGITS,
    MAX_WHOLE_DIGITS,
    TRANSACTION_FIELDS,
    Transaction,
    is_valid_amount,
)
from functions.common.http import problem
from functions.common.http.body import JsonObject, convert_fields, read_object
from functions.common.http.post_endpoint import PostEndpoint, SuccessResponse
from functions.common.runtime.clock import Clock
from functions.common.runtime.telemetry import Telemetry

_STATUSES = {WriteResult.STORED: 201, WriteResult.REPLAYED: 200}
_METRICS = {WriteResult.STORED: "TransactionsAccepted", WriteResult.REPLAYED: "TransactionsReplayed"}
_DECIMAL = re.compile(rf"[0-9]{{1,{MAX_WHOLE_DIGITS}}}(\.[0-9]{{1,{MAX_FRACTION_DIGITS}}})?")
_CODES: Mapping[str, frozenset[str]] = {"currency": CURRENCIES, "country": COUNTRIES}


def create_endpoint(store: TransactionStore, telemetry: Telemetry, clock: Clock) -> PostEndpoint:
    return PostEndpoint(partial(post_transaction, store, telemetry), TRANSACTION_FIELDS, telemetry, clock)


def post_transaction(
    store: TransactionStore, telemetry: Telemetry, body: str, received_at: int
) -> SuccessResponse:
    """Store the transaction in a request's body. Raises ProblemError."""
    transaction = parse_transaction(body, received_at)
    telemetry.set_transaction(transaction.transaction_id)
    result = store.add(transaction, received_at)
    response = build_response(transaction, result)
    count_result(telemetry, result)
    telemetry.info(f"transaction {result.value}")
    return response


def build_response(transaction: Transaction, result: WriteResult) -> SuccessResponse:
    """The response to a transaction that is stored. Raises ProblemError (409) if its ID is taken."""
    if result is WriteResult.ID_TAKEN:
        raise problem.id_taken()
    return SuccessResponse(
        _STATUSES[result],
        {
            "transaction_id": transaction.transaction_id,
            "timestamp": transaction.timestamp,
            "status": result.value,
        },
    )


def count_result(telemetry: Telemetry, result: WriteResult, value: int = 1) -> None:
    """Count transactions with this result: STORED or REPLAYED."""
    telemetry.count(_METRICS[result], value)


def parse_transaction(text: str, now_ms: int) -> Transaction:
    """Read the transaction in a request's body. Raises ProblemError (400), which names all invalid fields."""
    return convert_transaction(read_object(text), now_ms)


def convert_transaction(values: JsonObject, now_ms: int) -> Transaction:
    """Convert a JSON object to a transaction. Raises ProblemError (400), which names all invalid fields."""

    def convert(field: Field, value: object) -> object:
        converted = _convert_amount(value) if field.name == "amount" else msgspec.convert(value, field.type)
        if not _is_valid(field.name, converted, now_ms):
            raise ValueError("not a valid value")
        return converted

    accepted = convert_fields(values, TRANSACTION_FIELDS, convert, "transaction")
    return Transaction(**accepted)  # type: ignore[arg-type]  # each value has its field's type


def _is_valid(name: str, value: object, now_ms: int) -> bool:
    """Check the constraints that the types of the model cannot express."""
    if name == "timestamp":
        return isinstance(value, int) and value <= now_ms + MAX_CLOCK_SKEW_MS
    return name not in _CODES or value in _CODES[name]


def _convert_amount(value: object) -> Decimal:
    """Convert a value to an exact amount. The digits of a string are counted as written."""
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise ValueError("not a decimal")
        value = Decimal(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not is_valid_amount(value):
        raise ValueError("not a valid amount")
    return value
