"""Which decisions are retained, and what of them."""

import json
from typing import Any

import pytest

from functions.api.transaction_store import build_transaction_item
from functions.common.domain.time_buckets import DAY_MS
from functions.common.dynamodb.decision_attribute import encode_decision
from operations.privacy.pseudonyms import Pseudonyms
from operations.privacy.retained_decisions import build_retained_item, is_retained
from stacks.processing.merchants_function import counted_filter, new_device_filter
from stacks.processing.transaction_pipe import insert_filter
from tests.unit.functions.builders import NOW, recorded_decision, transaction

KEY = Pseudonyms(b"key")
STORED = build_transaction_item(transaction(), NOW, 1)


def build_item(**attributes: Any) -> dict[str, Any]:
    return {**STORED, **attributes}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, False),
        ({"decision": encode_decision(recorded_decision(suspicious=False))}, False),
        ({"decision": encode_decision(recorded_decision(suspicious=True))}, True),
        ({"label": {"S": "fraud"}}, True),
        ({"label": {"S": "genuine"}}, False),
        ({"decision": {"B": b"of a newer version"}}, True),
    ],
)
def test_fraud_decision_is_retained(attributes: dict[str, Any], expected: bool) -> None:
    assert is_retained(build_item(**attributes)) is expected


def test_retained_item_has_no_value_of_the_person() -> None:
    decision = encode_decision(recorded_decision(suspicious=True, text="device 7 in US"))
    retained = build_retained_item(build_item(decision=decision), KEY, NOW)
    text = json.dumps(retained, default=repr)
    for personal in ("tx-1", "account-123456789", "device 7", "192.0.2.1", '"US"', str(NOW + 5)):
        assert personal not in text
    assert int(retained["timestamp"]["N"]) == NOW // DAY_MS * DAY_MS


def test_unreadable_decision_is_left_out() -> None:
    assert "decision" not in build_retained_item(build_item(decision={"B": b"?"}), KEY, NOW)


def test_filters_of_the_stream_do_not_accept_a_retained_item() -> None:
    retained = build_retained_item(build_item(label={"S": "fraud"}), KEY, NOW)
    for accepted in (insert_filter(), counted_filter(), new_device_filter()):
        required: Any = accepted["dynamodb"]
        assert set(required["NewImage"]) - set(retained)


def test_pseudonym_is_stable_and_depends_on_key_and_kind() -> None:
    others = (KEY.make("transaction", "a"), KEY.make("account", "b"), Pseudonyms(b"k").make("account", "a"))
    assert KEY.make("account", "a") == Pseudonyms(b"key").make("account", "a")
    assert KEY.make("account", "a") not in others
