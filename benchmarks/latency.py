"""How long an answer and an alert take on the embedded AWS, warm: a POST, and from the POST to the mail.

A POST is measured against that of a function that does nothing: the same kind of body and
gateway, each in turn.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from http import HTTPStatus
from itertools import count, islice

from botocore.credentials import Credentials

from benchmarks._clone import Clone, clone
from benchmarks._trivial import trivial_api
from functions.common.domain.transaction import Transaction
from functions.common.runtime.clock import now_ms
from local.endpoint import Endpoint
from local.mailbox import Mailbox
from operations.demo.decisions import RecordedDecisions
from operations.demo.outcome import Findings
from operations.demo.run import THREADS, Watch
from operations.ingest.api_client import ApiClient, Target, at_endpoint
from operations.ingest.payloads import body

POST_GOAL_RATIO = 1.5
MAIL_GOAL_MS = 250.0
WARM_UP = 30
POSTS = 300
ALERTS = 100
ALERTS_PER_SECOND = 10.0


def main() -> bool:
    """Prints a line per figure; True if both reach their goals."""
    with clone() as copy:
        copy.run("deploy", "--env", "local", "--yes")
        endpoint = copy.emulator.status()
        assert endpoint
        url = at_endpoint(copy.outputs()["edge"]["api_url"], endpoint.url)
        api = _client(endpoint, url)
        ratio = _posts_ratio(api, _client(endpoint, trivial_api(endpoint)))
        decisions = RecordedDecisions(endpoint.client("dynamodb"), copy.outputs()["data"]["table_name"])
        milliseconds = _mail_ms(copy, api, decisions)
    return ratio <= POST_GOAL_RATIO and milliseconds < MAIL_GOAL_MS


def _posts_ratio(api: ApiClient, trivial: ApiClient) -> float:
    transactions = _transactions("post", Decimal("12.34"))

    def post() -> float:
        return _timed_ms(lambda: api.post(body(next(transactions))).status)

    def post_trivial() -> float:
        return _timed_ms(lambda: trivial.post(body(next(transactions))).status)

    pairs = [(post(), post_trivial()) for _ in range(WARM_UP + POSTS)][WARM_UP:]
    own, bare = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(
        f"warm POST: {own / bare:.2f} times a trivial function's ({own:.1f} ms against {bare:.1f} ms,"
        f" medians of {POSTS}); goal {POST_GOAL_RATIO}; {'ok' if own / bare <= POST_GOAL_RATIO else 'over'}"
    )
    return own / bare


def _mail_ms(copy: Clone, api: ApiClient, decisions: RecordedDecisions) -> float:
    mailbox = Mailbox(copy.emulator.layout.mailbox)
    # Over every limit, so that each has an alert.
    flagged = _transactions("mail", Decimal("999999.99"))

    def findings(number: int) -> Findings:
        show, progress = (lambda _: None), (lambda _: None)
        watch = Watch(api, mailbox, decisions, show=show, progress=progress, after=mailbox.last())
        return watch.run(islice(flagged, number), ALERTS_PER_SECOND, patience_seconds=30)

    findings(WARM_UP)
    found = findings(ALERTS)
    assert found.as_it_should, f"missing {found.missing}, unexpected {found.unexpected}"
    p50, p95 = found.latency_ms(50), found.latency_ms(95)
    assert p50 is not None
    assert p95 is not None
    print(
        f"POST to mail: p50 {p50:.0f} ms, p95 {p95:.0f} ms ({ALERTS} alerts, {ALERTS_PER_SECOND:.0f} a"
        f" second); goal p50 under {MAIL_GOAL_MS:.0f} ms; {'ok' if p50 < MAIL_GOAL_MS else 'over'}"
    )
    return p50


def _transactions(name: str, amount: Decimal) -> Iterator[Transaction]:
    """Transactions without end, each of an account of its own: alerts of one account are told of together."""
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


def _client(endpoint: Endpoint, url: str) -> ApiClient:
    own = endpoint.credentials
    target = Target(url, endpoint.region, Credentials(own.access_key_id, own.secret_access_key))
    return ApiClient(target, connections=THREADS)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
