"""Labels, from POST /labels to the profiles and the next decision."""

import json
import uuid
from dataclasses import replace

import pytest

from functions.common.dynamodb import profile_items
from tests.e2e.pipeline import PipelineClient
from tests.e2e.transactions import build_transaction


def _count_frauds(pipeline: PipelineClient, merchant: str) -> int:
    profile = profile_items.decode_merchant(merchant, pipeline.read_profile("merchant", merchant)).profile
    return sum(profile.half_days.frauds)


def _create_merchant_id() -> str:
    return f"m-{uuid.uuid4().hex[:12]}"


def test_label_is_stored_with_its_transaction_and_counted_once(pipeline: PipelineClient) -> None:
    transaction = build_transaction(merchant_id=_create_merchant_id())
    pipeline.post(transaction)
    pipeline.wait_for_decision(transaction)
    answer = pipeline.post_label(transaction, "fraud", source="chargeback")
    assert (answer.status, answer.json()["status"]) == (201, "stored")
    assert (
        pipeline.post_label(transaction, "fraud").status,
        _count_frauds(pipeline, transaction["merchant_id"]),
    ) == (200, 1)
    item = pipeline.read_item(transaction)
    assert (item["label"], item["label_source"]) == ({"S": "fraud"}, {"S": "chargeback"})


def test_label_needs_only_the_id_of_its_transaction(pipeline: PipelineClient) -> None:
    transaction = build_transaction()
    pipeline.post(transaction)
    body = {"transaction_id": transaction["transaction_id"], "label": "fraud"}
    answer = pipeline.post_raw(json.dumps(body).encode(), path="/labels")
    assert (answer.status, answer.json()["timestamp"]) == (201, transaction["timestamp"])
    assert pipeline.read_item(transaction)["label"] == {"S": "fraud"}


def test_changed_label_changes_the_counts(pipeline: PipelineClient) -> None:
    transaction = build_transaction(merchant_id=_create_merchant_id())
    pipeline.post(transaction)
    pipeline.wait_for_decision(transaction)
    pipeline.post_label(transaction, "fraud")
    assert pipeline.post_label(transaction, "genuine").json()["status"] == "changed"
    assert _count_frauds(pipeline, transaction["merchant_id"]) == 0


def test_label_does_not_cause_a_second_decision(pipeline: PipelineClient) -> None:
    transaction, later = build_transaction(), build_transaction()
    pipeline.post(transaction)
    first = pipeline.wait_for_decision(transaction)
    pipeline.post_label(transaction, "fraud")
    pipeline.post(later)
    pipeline.wait_for_decision(later)
    assert pipeline.wait_for_decision(transaction) == first
    assert len(pipeline.wait_for_log_lines("fraud", transaction["transaction_id"])) == 1


def test_unknown_transaction_is_not_found(pipeline: PipelineClient) -> None:
    answer = pipeline.post_label(build_transaction(), "fraud")
    assert (answer.status, answer.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"label": ["fraud"]}'])
def test_gateway_refuses_a_label_that_is_not_a_flat_object(pipeline: PipelineClient, body: bytes) -> None:
    answer = pipeline.post_raw(body, path="/labels")
    assert (answer.status, answer.json()["type"]) == (400, "urn:fraud-pipeline:problem:malformed-body")


def test_every_invalid_field_of_a_label_is_named(pipeline: PipelineClient) -> None:
    answer = pipeline.post_raw(json.dumps({"label": "maybe", "timestamp": -1}).encode(), path="/labels")
    assert answer.status == 400
    assert {error["field"] for error in answer.json()["errors"]} == {"label", "timestamp", "transaction_id"}


def test_caller_without_permission_for_labels_is_refused(pipeline: PipelineClient) -> None:
    url = pipeline.target.url.removesuffix("/transactions") + "/labels"
    stranger = pipeline.create_stranger(replace(pipeline.target, url=url))
    assert stranger.post(b"{}").status == 403


def test_logs_of_labels_have_no_personal_data(pipeline: PipelineClient) -> None:
    transaction = build_transaction()
    pipeline.post(transaction)
    pipeline.post_label(transaction, "fraud", source="call with Jane Doe")
    lines = pipeline.wait_for_log_lines("labels", transaction["transaction_id"])
    assert not [line for line in lines if transaction["account_id"] in line or "Jane" in line]
