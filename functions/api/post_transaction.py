"""`POST /transactions`: validates and stores a transaction."""

from functools import partial

from functions.api.transaction_store import TransactionStore, WriteResult
from functions.api.validation import parse_transaction
from functions.common.domain.transaction import TRANSACTION_FIELDS
from functions.common.http import problem
from functions.common.http.post_endpoint import PostEndpoint, SuccessResponse
from functions.common.runtime.clock import Clock
from functions.common.runtime.telemetry import Telemetry

_STATUS_AND_METRIC = {
    WriteResult.STORED: (201, "TransactionsAccepted"),
    WriteResult.REPLAYED: (200, "TransactionsReplayed"),
}


def create_endpoint(store: TransactionStore, telemetry: Telemetry, clock: Clock) -> PostEndpoint:
    return PostEndpoint(partial(post_transaction, store, telemetry), TRANSACTION_FIELDS, telemetry, clock)


def post_transaction(
    store: TransactionStore, telemetry: Telemetry, body: str, received_at: int
) -> SuccessResponse:
    """Store the transaction in a request's body. Raises ProblemError."""
    transaction = parse_transaction(body, received_at)
    telemetry.set_transaction(transaction.transaction_id)
    result = store.add(transaction, received_at)
    if result is WriteResult.ID_TAKEN:
        raise problem.id_taken()
    status, metric = _STATUS_AND_METRIC[result]
    telemetry.count(metric)
    telemetry.info(f"transaction {result.value}")
    return SuccessResponse(
        status,
        {
            "transaction_id": transaction.transaction_id,
            "timestamp": transaction.timestamp,
            "status": result.value,
        },
    )
