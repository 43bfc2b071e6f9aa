"""Posts transactions in batches, and returns a response for each, as the single route gives it."""

from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus

import msgspec
import urllib3

from functions.common.http.batch_schema import BATCH_FIELD, MAX_BATCH_BYTES, MAX_BATCH_ENTRIES
from functions.common.http.body import MAX_BODY_BYTES
from operations.ingest.api_client import ApiClient, ApiResponse
from terminal.errors import UserError

_PREFIX, _SEPARATOR, _SUFFIX = f'{{"{BATCH_FIELD}": ['.encode(), b",\n", b"]}"
# The whole batch is refused although only one entry may be at fault, such as one that is not valid JSON.
_REFUSED_BATCH = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


class _EntryResult(msgspec.Struct):
    """The result for one entry. `body` or `problem` is the body of the single route."""

    status: int
    body: msgspec.Raw = msgspec.Raw()
    problem: msgspec.Raw = msgspec.Raw()


class _BatchResponse(msgspec.Struct):
    results: list[_EntryResult]


class BatchClient:
    """Posts with `batches`, the client of the batch route, and single transactions with `single`.

    Without `single`, a single transaction is posted as a batch.
    """

    def __init__(self, batches: ApiClient, single: ApiClient | None) -> None:
        self._batches = batches
        self._single = single

    def post(self, bodies: Sequence[bytes]) -> list[ApiResponse]:
        """Post the bodies and return the final response to each, in their order.

        Entries with 429 or 5xx are repeated without the others. Raises ApiUnreachableError or StoppedError,
        or UserError if the response is not that of a batch.
        """
        responses: dict[int, ApiResponse] = {}
        waiting = list(range(len(bodies)))
        for attempt in range(1, self._batches.max_attempts + 1):
            for positions in _split(bodies, waiting):
                entries = [bodies[position] for position in positions]
                responses |= zip(positions, self._post_once(entries), strict=True)
            waiting = [position for position in waiting if responses[position].is_retryable]
            if not waiting or attempt == self._batches.max_attempts:
                break
            self._batches.back_off(attempt)
        return [responses[position] for position in range(len(bodies))]

    def _post_once(self, bodies: Sequence[bytes]) -> list[ApiResponse]:
        """Post one request. Its client repeats a request that fails as a whole."""
        if self._single and len(bodies) == 1:
            return [self._single.post(bodies[0])]
        response = self._batches.post(_PREFIX + _SEPARATOR.join(bodies) + _SUFFIX)
        if response.status in _REFUSED_BATCH and len(bodies) > 1:
            return [response for body in bodies for response in self._post_once([body])]
        if response.status != HTTPStatus.OK:
            return [response] * len(bodies)
        return list(_read_results(response, len(bodies)))


def _split(bodies: Sequence[bytes], positions: Iterable[int]) -> Iterator[list[int]]:
    """Split positions into requests within the limits of the API. A body above its own limit is alone."""
    chunk: list[int] = []
    size = len(_PREFIX + _SUFFIX)
    for position in positions:
        added = len(bodies[position]) + len(_SEPARATOR)
        if len(bodies[position]) > MAX_BODY_BYTES:
            yield [position]
            continue
        if chunk and (len(chunk) == MAX_BATCH_ENTRIES or size + added > MAX_BATCH_BYTES):
            yield chunk
            chunk, size = [], len(_PREFIX + _SUFFIX)
        chunk.append(position)
        size += added
    if chunk:
        yield chunk


def _read_results(response: ApiResponse, count: int) -> Iterator[ApiResponse]:
    try:
        results = msgspec.json.decode(response.body, type=_BatchResponse).results
    except msgspec.DecodeError:
        results = []
    if len(results) != count:
        raise UserError(
            f"The API did not answer each of the {count} transactions of a batch.",
            "Check that the address is the API's.",
        )
    for result in results:
        body = bytes(result.body) or bytes(result.problem)
        yield ApiResponse(result.status, body, urllib3.HTTPHeaderDict())
