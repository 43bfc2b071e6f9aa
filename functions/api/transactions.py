"""Answers POST /transactions: reads, validates, stores, and says what became of it."""

from typing import Any

from functions.api.store import Outcome, TransactionStore
from functions.api.validation import parse_transaction
from functions.common.domain.transaction import FIELDS
from functions.common.http import problem
from functions.common.http.endpoint import Endpoint, Event
from functions.common.http.request import body_of
from functions.common.runtime.clock import Clock
from functions.common.runtime.telemetry import Telemetry

_SUCCESS = {Outcome.STORED: (201, "TransactionsAccepted"), Outcome.REPLAYED: (200, "TransactionsReplayed")}


class TransactionsApi:
    """The API in front of one store."""

    def __init__(self, store: TransactionStore, telemetry: Telemetry, clock: Clock) -> None:
        self._store = store
        self._telemetry = telemetry
        self._clock = clock
        self._endpoint = Endpoint(self._post, FIELDS, telemetry)

    def answer(self, event: Event) -> dict[str, Any]:
        """The answer to an event of API Gateway's Lambda proxy integration. Raises nothing."""
        return self._endpoint.answer(event)

    def _post(self, event: Event) -> tuple[int, object]:
        received_at = self._clock()
        transaction = parse_transaction(body_of(event), received_at)
        self._telemetry.about(transaction.transaction_id)
        outcome = self._store.add(transaction, received_at)
        if outcome is Outcome.ID_TAKEN:
            raise problem.id_taken()
        status, metric = _SUCCESS[outcome]
        self._telemetry.count(metric)
        self._telemetry.info(f"transaction {outcome.value}")
        return status, {
            "transaction_id": transaction.transaction_id,
            "timestamp": transaction.timestamp,
            "status": outcome.value,
        }
