"""`POST /transactions`: validates and stores a transaction."""

from functools import partial
from typing import Literal

from msgspec import Struct

from functions.api.transaction_parser import TransactionParser
from functions.api.transaction_store import TransactionStore, WriteResult
from functions.common.domain.transaction import TRANSACTION_FIELDS, Identifier, Transaction
from functions.common.http import problem
from functions.common.http.body import read_object
from functions.common.http.post_endpoint import PostEndpoint, SuccessResponse
from functions.common.runtime.clock import Clock
from functions.common.runtime.telemetry import Telemetry

_STATUSES = {WriteResult.STORED: 201, WriteResult.REPLAYED: 200}
_METRICS = {WriteResult.STORED: "TransactionsAccepted", WriteResult.REPLAYED: "TransactionsReplayed"}


class TransactionResponse(Struct, frozen=True, kw_only=True):
    """The response to a transaction that is stored."""

    transaction_id: Identifier
    timestamp: int
    status: Literal["stored", "replayed"]


def create_endpoint(
    store: TransactionStore, parser: TransactionParser, telemetry: Telemetry, clock: Clock
) -> PostEndpoint:
    post = partial(post_transaction, store, parser, telemetry)
    return PostEndpoint(post, TRANSACTION_FIELDS, telemetry, clock)


def post_transaction(
    store: TransactionStore, parser: TransactionParser, telemetry: Telemetry, body: str, received_at: int
) -> SuccessResponse:
    """Store the transaction in a request's body. Raises ProblemError."""
    transaction = parser.parse(read_object(body), received_at)
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
        TransactionResponse(
            transaction_id=transaction.transaction_id,
            timestamp=transaction.timestamp,
            status=result.value,
        ),
    )


def count_result(telemetry: Telemetry, result: WriteResult, value: int = 1) -> None:
    """Count transactions with this result: STORED or REPLAYED."""
    telemetry.count(_METRICS[result], value)
