"""Latency on the warm embedded AWS: of a POST, and from a POST to the mail of its alert.

A POST is compared with a POST to an API whose function does nothing. Both are measured alternately.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from http import HTTPStatus
from itertools import count, islice

from botocore.credentials import Credentials

from benchmarks._clone import Clone, open_clone
from benchmarks._reference_api import create_reference_api
from functions.common.domain.transaction import Transaction
from functions.common.runtime.clock import now_ms
from local.endpoint import EmulatorEndpoint
from local.mailbox import Mailbox
from operations.api_target import ApiTarget, move_to_endpoint
from operations.demo.run import MAX_CONCURRENT_POSTS, DecisionReader, PipelineRun
from operations.demo.run_result import RunResult
from operations.ingest.api_client import ApiClient
from operations.ingest.payloads import encode_payload

POST_GOAL_RATIO = 1.5
MAIL_GOAL_MS = 250.0
WARM_UP = 30
POSTS = 300
ALERTS = 100
ALERTS_PER_SECOND = 10.0


def main() -> bool:
    """Print one line per figure. Returns True if both figures reach their goals."""
    with open_clone() as copy:
        copy.run("deploy", "--env", "local", "--yes")
        endpoint = copy.emulator.status()
        assert endpoint
        url = move_to_endpoint(copy.outputs()["edge"]["api_url"], endpoint.url)
        api = _create_client(endpoint, url)
        ratio = _posts_ratio(api, _create_client(endpoint, create_reference_api(endpoint)))
        decisions = DecisionReader(endpoint.client("dynamodb"), copy.outputs()["data"]["table_name"])
        milliseconds = _mail_ms(copy, api, decisions)
    return ratio <= POST_GOAL_RATIO and milliseconds < MAIL_GOAL_MS


def _posts_ratio(api: ApiClient, trivial: ApiClient) -> float:
    transactions = _generate_transactions("post", Decimal("12.34"))

    def post() -> float:
        return _timed_ms(lambda: api.post(encode_payload(next(transactions))).status)

    def post_trivial() -> float:
        return _timed_ms(lambda: trivial.post(encode_payload(next(transactions))).status)

    pairs = [(post(), post_trivial()) for _ in range(WARM_UP + POSTS)][WARM_UP:]
    own, bare = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(
        f"Warm POST: {own / bare:.2f} times the reference API ({own:.1f} ms and {bare:.1f} ms,"
        f" medians of {POSTS}); goal: at most {POST_GOAL_RATIO};"
        f" {'ok' if own / bare <= POST_GOAL_RATIO else 'missed'}"
    )
    return own / bare


def _mail_ms(copy: Clone, api: ApiClient, decisions: DecisionReader) -> float:
    mailbox = Mailbox(copy.emulator.layout.mailbox)
    # The amount exceeds every limit, so each transaction causes an alert.
    flagged = _generate_transactions("mail", Decimal("999999.99"))

    def run_pipeline(number: int) -> RunResult:
        show, progress = (lambda _: None), (lambda _: None)
        run = PipelineRun(
            api.post, mailbox, decisions.read, show=show, progress=progress, after=mailbox.last()
        )
        return run.execute(islice(flagged, number), ALERTS_PER_SECOND, patience_seconds=30)

    run_pipeline(WARM_UP)
    result = run_pipeline(ALERTS)
    assert result.ok, f"missing {result.missing_alerts}, unexpected {result.unexpected_alerts}"
    p50, p95 = result.latency_ms(50), result.latency_ms(95)
    assert p50 is not None
    assert p95 is not None
    print(
        f"POST to mail: p50 {p50:.0f} ms, p95 {p95:.0f} ms ({ALERTS} alerts, {ALERTS_PER_SECOND:.0f} per"
        f" second); goal: p50 below {MAIL_GOAL_MS:.0f} ms; {'ok' if p50 < MAIL_GOAL_MS else 'missed'}"
    )
    return p50


def _generate_transactions(name: str, amount: Decimal) -> Iterator[Transaction]:
    """An endless sequence of transactions, one per account, because alerts of one account are grouped."""
    run = f"{name}-{time.time_ns()}"
    for number in count():
        yield Transaction(
            transaction_id=f"{run}-{number}",
            account_id=f"{run}-account-{number}",
            merchant_id=f"{run}-merchant-{number % 50}",
            amount=amount,
            currency="EUR",
            timestamp=now_ms(),
        )


def _timed_ms(post: Callable[[], int]) -> float:
    started = time.perf_counter()
    status = post()
    seconds = time.perf_counter() - started
    assert status == HTTPStatus.CREATED, status
    return seconds * 1000


def _create_client(endpoint: EmulatorEndpoint, url: str) -> ApiClient:
    own = endpoint.credentials
    target = ApiTarget(url, endpoint.region, Credentials(own.access_key_id, own.secret_access_key))
    return ApiClient(target, connections=MAX_CONCURRENT_POSTS)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
