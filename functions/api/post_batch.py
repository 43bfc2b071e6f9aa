"""`POST /transactions/batch` and `/historic`: stores several transactions and answers each one by itself."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import cast

from msgspec import UNSET, Struct, UnsetType

from functions.api.post_transaction import TransactionResponse, build_response, count_result
from functions.api.transaction_parser import TransactionParser
from functions.api.transaction_store import TransactionStore, WriteResult
from functions.common.domain.transaction import TRANSACTION_FIELDS, Transaction
from functions.common.dynamodb.client import StoreBusyError
from functions.common.http import problem
from functions.common.http.batch_schema import BATCH_FIELD, MAX_BATCH_BYTES, MAX_BATCH_ENTRIES
from functions.common.http.body import JsonObject, read_object
from functions.common.http.post_endpoint import PostEndpoint, SuccessResponse, count_problem, translate_error
from functions.common.http.problem import Problem, ProblemError
from functions.common.runtime.clock import Clock
from functions.common.runtime.telemetry import Telemetry

# A full batch waits as long as four transactions. Below the 10 connections of the client.
_THREADS = 8
# The longest time of one transaction: two writes of three attempts, each with timeouts of three seconds, as
# `aws_clients` sets them.
LONGEST_STORE_MS = 18_000

RemainingTime = Callable[[], int]
"""Returns the milliseconds until Lambda ends the invocation."""

_Outcome = WriteResult | Exception


class BatchResult(Struct, frozen=True, kw_only=True):
    """The result for one transaction: `body` or `problem`, as in the response to a single transaction."""

    status: int
    body: TransactionResponse | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


class BatchResponse(Struct, frozen=True, kw_only=True):
    """The response to a batch: a result for each transaction, in their order."""

    results: list[BatchResult]


def create_batch_endpoint(
    store: TransactionStore,
    parser: TransactionParser,
    telemetry: Telemetry,
    clock: Clock,
    remaining_ms: RemainingTime,
) -> PostEndpoint:
    """The endpoint for one invocation, which `remaining_ms` belongs to."""
    post = partial(post_batch, store, parser, telemetry, remaining_ms=remaining_ms)
    return PostEndpoint(post, TRANSACTION_FIELDS, telemetry, clock, MAX_BATCH_BYTES)


def post_batch(
    store: TransactionStore,
    parser: TransactionParser,
    telemetry: Telemetry,
    body: str,
    received_at: int,
    *,
    remaining_ms: RemainingTime,
) -> SuccessResponse:
    """Store the transactions in a request's body. Raises ProblemError (400) if the body is not a batch."""
    entries = [_parse_entry(parser, entry, received_at) for entry in read_batch(body)]
    transactions = {
        position: entry for position, entry in enumerate(entries) if isinstance(entry, Transaction)
    }
    add = partial(store.add, received_at=received_at, historic=parser.historic)
    outcomes = _store_transactions(add, transactions, remaining_ms)
    responses = [
        _answer_entry(entry, outcomes.get(position), telemetry) for position, entry in enumerate(entries)
    ]
    _report(telemetry, transactions, outcomes, responses)
    return SuccessResponse(200, BatchResponse(results=[_build_result(response) for response in responses]))


def read_batch(text: str) -> list[JsonObject]:
    """Read the entries of a batch. Raises ProblemError (400) if the text is not a batch."""
    values = read_object(text)
    entries = values.get(BATCH_FIELD)
    if (
        set(values) != {BATCH_FIELD}
        or values.repeated
        or not isinstance(entries, list)
        or not 1 <= len(entries) <= MAX_BATCH_ENTRIES
        or not all(isinstance(entry, JsonObject) for entry in entries)
    ):
        raise problem.malformed_batch(MAX_BATCH_ENTRIES)
    return entries


def _parse_entry(
    parser: TransactionParser, entry: JsonObject, received_at: int
) -> Transaction | ProblemError:
    try:
        return parser.parse(entry, received_at)
    except ProblemError as error:
        return error


def _store_transactions(
    add: Callable[[Transaction], WriteResult],
    transactions: Mapping[int, Transaction],
    remaining_ms: RemainingTime,
) -> dict[int, _Outcome]:
    """Store transactions concurrently; those with the same ID one after another, in their order.

    A transaction that may not end in the remaining time is busy and is not begun, so that Lambda does not end
    the invocation without a response for the others.
    """

    def store_group(positions: Sequence[int]) -> list[tuple[int, _Outcome]]:
        return [(position, store_transaction(transactions[position])) for position in positions]

    def store_transaction(transaction: Transaction) -> _Outcome:
        if remaining_ms() < LONGEST_STORE_MS:
            return StoreBusyError("the time of the batch is over")
        try:
            return add(transaction)
        except Exception as error:
            return error

    groups: dict[str, list[int]] = {}
    for position, transaction in transactions.items():
        groups.setdefault(transaction.transaction_id, []).append(position)
    with ThreadPoolExecutor(_THREADS) as threads:
        return {
            position: outcome
            for outcomes in threads.map(store_group, groups.values())
            for position, outcome in outcomes
        }


def _answer_entry(
    entry: Transaction | ProblemError, outcome: _Outcome | None, telemetry: Telemetry
) -> SuccessResponse | ProblemError:
    if isinstance(entry, ProblemError):
        return entry
    if isinstance(outcome, Exception):
        telemetry.set_transaction(entry.transaction_id)
        return translate_error(outcome, telemetry)
    try:
        return build_response(entry, cast(WriteResult, outcome))
    except ProblemError as error:
        return error


def _build_result(response: SuccessResponse | ProblemError) -> BatchResult:
    if isinstance(response, ProblemError):
        return BatchResult(status=response.problem.status, problem=response.problem)
    return BatchResult(status=response.status, body=cast(TransactionResponse, response.body))


def _report(
    telemetry: Telemetry,
    transactions: Mapping[int, Transaction],
    outcomes: Mapping[int, _Outcome],
    responses: Sequence[SuccessResponse | ProblemError],
) -> None:
    """Count the results as the single route does, and log them in one line."""
    ids: dict[str, list[str]] = {}
    for position, outcome in outcomes.items():
        name = outcome.value if isinstance(outcome, WriteResult) else "failed"
        ids.setdefault(name.replace(" ", "_"), []).append(transactions[position].transaction_id)
    for result in (WriteResult.STORED, WriteResult.REPLAYED):
        if count := len(ids.get(result.value, ())):
            count_result(telemetry, result, count)
    for response in responses:
        if isinstance(response, ProblemError):
            count_problem(telemetry, response.problem.status)
    telemetry.set_transaction(None)
    telemetry.info("batch answered", invalid=len(responses) - len(transactions), **ids)
