"""Answers POST /transactions: reads, validates, stores, and says what became of it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from functions.api import problem
from functions.api.problem import ProblemError
from functions.api.request import body_of
from functions.api.store import Outcome, TransactionStore
from functions.api.validation import parse_transaction
from functions.common.clock import Clock
from functions.common.dynamodb import StoreBusyError
from functions.common.telemetry import Telemetry
from functions.common.transaction import FIELDS, Transaction

_FIELD_NAMES = frozenset(field.name for field in FIELDS)
_SUCCESS = {Outcome.STORED: (201, "TransactionsStored"), Outcome.REPLAYED: (200, "TransactionsReplayed")}


class TransactionsApi:
    """The API in front of one store."""

    def __init__(self, store: TransactionStore, telemetry: Telemetry, clock: Clock) -> None:
        self._store = store
        self._telemetry = telemetry
        self._clock = clock

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """The answer to an event of API Gateway's Lambda proxy integration. Raises nothing."""
        try:
            return self._post(event)
        except ProblemError as error:
            return self._refuse(error)
        except Exception as error:
            # The client gets an answer all the same, one that says nothing of our inside.
            self._telemetry.failure("request failed", error)
            return self._refuse(problem.internal_error())

    def _post(self, event: dict[str, Any]) -> dict[str, Any]:
        received_at = self._clock()
        transaction = parse_transaction(body_of(event), received_at)
        self._telemetry.about(transaction.transaction_id)
        outcome = self._store_it(transaction, received_at)
        if outcome is Outcome.ID_TAKEN:
            raise problem.id_taken()
        status, metric = _SUCCESS[outcome]
        self._telemetry.count(metric)
        self._telemetry.info(f"transaction {outcome.value}")
        body = {
            "transaction_id": transaction.transaction_id,
            "timestamp": transaction.timestamp,
            "status": outcome.value,
        }
        return _response(status, "application/json", body)

    def _store_it(self, transaction: Transaction, received_at: int) -> Outcome:
        try:
            return self._store.add(transaction, received_at)
        except StoreBusyError as error:
            self._telemetry.failure("the store is busy", error.__cause__ or error)
            raise problem.busy() from error

    def _refuse(self, error: ProblemError) -> dict[str, Any]:
        answer = error.problem
        # Names that a client made up may say anything: only ours are logged.
        fields = [fault.field for fault in answer.errors if fault.field in _FIELD_NAMES]
        facts = {"status": answer.status, "problem": answer.type, "fields": fields}
        self._telemetry.info("request refused", **facts)
        self._telemetry.count("RequestsFailed" if answer.status >= 500 else "RequestsRefused")  # noqa: PLR2004
        return _response(answer.status, "application/problem+json", answer, error.headers)


def _response(
    status: int, content_type: str, body: object, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": content_type, **(headers or {})},
        "body": msgspec.json.encode(body).decode(),
        "isBase64Encoded": False,
    }
