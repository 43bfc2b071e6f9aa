"""Latency on the warm embedded AWS: of a POST, and from a POST to the mail of its alert.

A POST is compared with one to an API whose function does nothing. Both are measured alternately, in groups.
Almost all groups must reach the goal. In a pause after each POST, the pipeline processes the transaction,
which would otherwise compete for the processor with the next POST.
"""

import statistics
import sys
import time
from collections.abc import Iterator
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
MAIL_GOAL_MS = 150.0
WARM_UP = 30
GROUPS, GROUP_SIZE = 10, 30
MIN_GROUPS = 9
PAUSE_SECONDS = 0.1
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
        posts_ok = _compare_posts(api, _create_client(endpoint, create_reference_api(endpoint)))
        decisions = DecisionReader(endpoint.client("dynamodb"), copy.outputs()["data"]["table_name"])
        milliseconds = _mail_ms(copy, api, decisions)
    return posts_ok and milliseconds < MAIL_GOAL_MS


def _compare_posts(api: ApiClient, trivial: ApiClient) -> bool:
    transactions = _generate_transactions("post", Decimal("12.34"))

    def post_pair() -> tuple[float, float]:
        return _timed_post_ms(api, next(transactions)), _timed_post_ms(trivial, next(transactions))

    for _ in range(WARM_UP):
        post_pair()
    groups = [[post_pair() for _ in range(GROUP_SIZE)] for _ in range(GROUPS)]
    medians = [[statistics.median(times) for times in zip(*group, strict=True)] for group in groups]
    ratios = [own / bare for own, bare in medians]
    reached: int = sum(ratio <= POST_GOAL_RATIO for ratio in ratios)
    own, bare = (statistics.median(times) for times in zip(*medians, strict=True))
    print(
        f"Warm POST: {statistics.median(ratios):.2f} times the reference API ({own:.1f} ms and {bare:.1f} ms,"
        f" medians of {GROUPS} groups of {GROUP_SIZE}; {min(ratios):.2f} to {max(ratios):.2f});"
        f" goal: at most {POST_GOAL_RATIO} in {MIN_GROUPS} of {GROUPS} groups;"
        f" {'ok' if reached >= MIN_GROUPS else 'missed'}"
    )
    return reached >= MIN_GROUPS


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


def _timed_post_ms(api: ApiClient, transaction: Transaction) -> float:
    body = encode_payload(transaction)
    started = time.perf_counter()
    status = api.post(body).status
    seconds = time.perf_counter() - started
    assert status == HTTPStatus.CREATED, status
    time.sleep(PAUSE_SECONDS)
    return seconds * 1000


def _create_client(endpoint: EmulatorEndpoint, url: str) -> ApiClient:
    own = endpoint.credentials
    target = ApiTarget(url, endpoint.region, Credentials(own.access_key_id, own.secret_access_key))
    return ApiClient(target, connections=MAX_CONCURRENT_POSTS)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
