"""What became known of a transaction, from POST /labels to the profiles and the next decision."""

import json
import uuid
from dataclasses import replace

import pytest

from functions.common.dynamodb import profile_items
from tests.e2e.pipeline import Pipeline
from tests.e2e.transactions import transaction

DAY_MS = 86_400_000


def _frauds(pipeline: Pipeline, merchant: str) -> int:
    profile = profile_items.read_merchant(merchant, pipeline.profile("merchant", merchant)).profile
    return sum(profile.half_days.frauds)


def _merchant() -> str:
    return f"m-{uuid.uuid4().hex[:12]}"


def test_label_is_kept_on_its_transaction_and_counted_once(pipeline: Pipeline) -> None:
    sent = transaction(merchant_id=_merchant())
    pipeline.post(sent)
    pipeline.decision(sent)
    answer = pipeline.label(sent, "fraud", source="chargeback")
    assert (answer.status, answer.json()["status"]) == (201, "stored")
    assert (pipeline.label(sent, "fraud").status, _frauds(pipeline, sent["merchant_id"])) == (200, 1)
    item = pipeline.item(sent)
    assert (item["label"], item["label_source"]) == ({"S": "fraud"}, {"S": "chargeback"})


def test_label_can_change_and_the_counts_follow(pipeline: Pipeline) -> None:
    sent = transaction(merchant_id=_merchant())
    pipeline.post(sent)
    pipeline.decision(sent)
    pipeline.label(sent, "fraud")
    assert pipeline.label(sent, "genuine").json()["status"] == "changed"
    assert _frauds(pipeline, sent["merchant_id"]) == 0


def test_label_does_not_come_back_round_the_stream(pipeline: Pipeline) -> None:
    sent, later = transaction(), transaction()
    pipeline.post(sent)
    first = pipeline.decision(sent)
    pipeline.label(sent, "fraud")
    pipeline.post(later)
    pipeline.decision(later)
    assert pipeline.decision(sent) == first
    assert len(pipeline.log_lines("fraud", sent["transaction_id"])) == 1


def test_unknown_transaction_is_not_found(pipeline: Pipeline) -> None:
    answer = pipeline.label(transaction(), "fraud")
    assert (answer.status, answer.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"label": ["fraud"]}'])
def test_gateway_refuses_what_is_no_flat_object(pipeline: Pipeline, body: bytes) -> None:
    answer = pipeline.post_raw(body, path="/labels")
    assert (answer.status, answer.json()["type"]) == (400, "urn:fraud-pipeline:problem:malformed-body")


def test_faults_of_a_label_are_named_together(pipeline: Pipeline) -> None:
    answer = pipeline.post_raw(json.dumps({"label": "maybe", "timestamp": -1}).encode(), path="/labels")
    assert answer.status == 400
    assert {error["field"] for error in answer.json()["errors"]} == {"label", "timestamp", "transaction_id"}


def test_caller_who_may_not_post_labels_is_refused(pipeline: Pipeline) -> None:
    url = pipeline.target.url.removesuffix("/transactions") + "/labels"
    stranger = pipeline.as_stranger(replace(pipeline.target, url=url))
    assert stranger.post(b"{}").status == 403


def test_logs_of_labels_carry_no_personal_data(pipeline: Pipeline) -> None:
    sent = transaction()
    pipeline.post(sent)
    pipeline.label(sent, "fraud", source="call with Jane Doe")
    lines = pipeline.log_lines("labels", sent["transaction_id"])
    assert not [line for line in lines if sent["account_id"] in line or "Jane" in line]
