"""Every response of the public API, through the deployed gateway."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from functions.common.domain.decision import Notification
from functions.common.domain.time_buckets import DAY_MS
from functions.common.runtime.clock import now_ms
from tests.e2e.pipeline import PipelineClient, Reply
from tests.e2e.transactions import build_suspicious_transaction, build_transaction


def test_new_transaction_is_stored(pipeline: PipelineClient) -> None:
    transaction = build_transaction()
    answer = pipeline.post(transaction)
    assert answer.status == 201
    assert answer.json() == {
        "transaction_id": transaction["transaction_id"],
        "timestamp": transaction["timestamp"],
        "status": "stored",
    }
    assert pipeline.read_item(transaction)["account_id"] == {"S": transaction["account_id"]}


def test_same_transaction_again_is_stored_once(pipeline: PipelineClient) -> None:
    transaction = build_transaction()
    assert pipeline.post(transaction).status == 201
    pipeline.wait_for_decision(transaction)
    before = pipeline.read_item(transaction)
    # Another notation of the same amount is the same transaction.
    assert pipeline.post({**transaction, "amount": 12.340}).status == 200
    assert pipeline.read_item(transaction) == before


@pytest.mark.parametrize(
    "changed", [{"amount": "12.35"}, {"timestamp": now_ms() - 60_000}, {"country": "FR"}]
)
def test_reused_id_of_another_transaction_is_refused(
    pipeline: PipelineClient, changed: dict[str, object]
) -> None:
    transaction = build_transaction()
    pipeline.post(transaction)
    answer = pipeline.post({**transaction, **changed})
    assert answer.status == 409
    assert answer.content_type == "application/problem+json"


def test_concurrent_posts_of_one_id_store_one_transaction(pipeline: PipelineClient) -> None:
    transaction = build_transaction()
    variants = [{**transaction, "timestamp": transaction["timestamp"] - number % 4} for number in range(16)]
    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(lambda body: pipeline.post(body).status, variants))
    assert statuses.count(201) == 1
    assert set(statuses) == {201, 200, 409}
    assert statuses.count(200) == 3
    assert len(pipeline.read_items(transaction["transaction_id"])) == 1


def test_amount_is_stored_exactly(pipeline: PipelineClient) -> None:
    transaction = build_transaction(amount="123456789012.345", currency="KWD")
    assert pipeline.post(transaction).status == 201
    assert pipeline.read_item(transaction)["amount"] == {"N": "123456789012.345"}


def test_every_invalid_field_is_named(pipeline: PipelineClient) -> None:
    answer = pipeline.post(
        {
            "transaction_id": "no spaces",
            "amount": -1,
            "currency": "XYZ",
            "timestamp": now_ms() + 3_600_000,
            "channel": "pigeon",
            "country": "Germany",
            "colour": "red",
            "device_id": 7,
        }
    )
    assert answer.status == 400
    assert answer.content_type == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 400
    assert {error["field"] for error in problem["errors"]} == {
        "transaction_id", "account_id", "merchant_id", "amount", "currency", "timestamp", "channel",
        "country", "colour", "device_id",
    }  # fmt: skip


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'"text"', b'{"amount": {"value": 1}}'])
def test_body_that_is_not_a_flat_object_is_a_problem(pipeline: PipelineClient, body: bytes) -> None:
    answer = pipeline.post_raw(body)
    assert answer.status == 400
    assert answer.content_type == "application/problem+json"
    assert answer.json()["status"] == 400


def test_unsigned_request_is_refused(pipeline: PipelineClient) -> None:
    body = json.dumps(build_transaction()).encode()
    answer = urllib3.request(
        "POST", pipeline.target.url, body=body, headers={"Content-Type": "application/json"}, retries=False
    )
    assert answer.status == 403
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_caller_without_permission_is_refused(pipeline: PipelineClient) -> None:
    transaction = build_transaction()
    answer = pipeline.create_stranger().post(json.dumps(transaction).encode())
    assert answer.status == 403
    assert pipeline.read_items(transaction["transaction_id"]) == []


def test_large_body_is_refused(pipeline: PipelineClient) -> None:
    answer = pipeline.post(build_transaction(merchant_category="x" * 20_000))
    assert answer.status == 413
    assert answer.content_type == "application/problem+json"


def test_other_content_type_is_refused(pipeline: PipelineClient) -> None:
    answer = pipeline.post_raw(json.dumps(build_transaction()).encode(), content_type="text/plain")
    assert answer.status == 415
    assert answer.content_type == "application/problem+json"


def test_other_paths_are_not_served(pipeline: PipelineClient) -> None:
    answer = pipeline.post_raw(b"{}", path="/nothing-here")
    assert answer.status in {403, 404}


def test_throttled_function_is_503_with_retry_after(pipeline: PipelineClient) -> None:
    functions, name = pipeline.aws.client("lambda"), pipeline.deployed.function_names()["api"]
    before = functions.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"]
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        reply = pipeline.post(build_transaction())
    finally:
        functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=before)
    assert reply.status == 503
    assert reply.content_type == "application/problem+json"
    assert int(reply.response.headers["Retry-After"]) > 0
    assert reply.json()["status"] == 503


def _post_batch(pipeline: PipelineClient, entries: object) -> Reply:
    body = json.dumps({"transactions": entries}).encode()
    return pipeline.post_raw(body, path="/transactions/batch")


def test_batch_answers_each_transaction_by_itself(pipeline: PipelineClient) -> None:
    transaction, other = build_transaction(), build_transaction()
    changed = {**transaction, "amount": "12.35"}
    answer = _post_batch(pipeline, [transaction, transaction, changed, {}, other])
    assert answer.status == 200
    assert [result["status"] for result in answer.json()["results"]] == [201, 200, 409, 400, 201]
    for stored in (transaction, other):
        pipeline.wait_for_decision(stored)


@pytest.mark.parametrize("entries", [[], [{}] * 26, [1], None])
def test_body_that_is_not_a_batch_is_one_problem(pipeline: PipelineClient, entries: object) -> None:
    answer = _post_batch(pipeline, entries)
    assert (answer.status, answer.content_type) == (400, "application/problem+json")


def test_batch_of_a_caller_without_permission_is_refused(pipeline: PipelineClient) -> None:
    target = pipeline.deployed.transactions_batch_target()
    answer = pipeline.create_stranger(target).post(b'{"transactions": [{}]}')
    assert answer.status == 403


def test_past_transaction_is_decided_without_an_alert_and_only_by_its_own_route(
    pipeline: PipelineClient,
) -> None:
    past = build_suspicious_transaction(timestamp=now_ms() - 400 * DAY_MS)
    single = pipeline.post(past)
    assert single.status == 400
    assert [error["field"] for error in single.json()["errors"]] == ["timestamp"]
    assert _post_batch(pipeline, [past]).json()["results"][0]["status"] == 400
    body = json.dumps({"transactions": [past]}).encode()
    answer = pipeline.post_raw(body, path="/transactions/historic")
    assert [result["status"] for result in answer.json()["results"]] == [201]
    decision = pipeline.wait_for_decision(past)
    assert (decision.suspicious, decision.notification) == (True, Notification.NONE)


def test_past_transactions_of_a_caller_without_permission_are_refused(pipeline: PipelineClient) -> None:
    target = pipeline.deployed.historic_target()
    answer = pipeline.create_stranger(target).post(b'{"transactions": [{}]}')
    assert answer.status == 403


def test_refund_is_decided_as_such(pipeline: PipelineClient) -> None:
    purchase = build_transaction()
    refund = build_suspicious_transaction(
        type="refund", original_transaction_id=purchase["transaction_id"], account_id=purchase["account_id"]
    )
    assert pipeline.post(refund).status == 201
    decision = pipeline.wait_for_decision(refund)
    assert (decision.decided_by, decision.score, decision.suspicious) == ("refund", 0, False)
