import json

import pytest

from functions.common.domain.decision import Decision, Notification, decode_decision, encode_decision

DECISION = Decision(
    score=0.1 + 0.2,
    suspicious=True,
    decided_by="rules",
    rules_score=0.3,
    rules="rules-1",
    features_version=1,
    features=(1.5, None),
    decided_at=10,
    latency_ms=5,
    notification=Notification.FOLDED,
    window_started_at=7,
)


def test_decision_is_restored_from_its_json() -> None:
    assert decode_decision(encode_decision(DECISION)) == DECISION


def test_notification_and_window_keep_their_stored_names() -> None:
    stored = json.loads(encode_decision(DECISION))
    assert (stored["told"], stored["told_since"]) == ("folded", 7)
    assert not {"notification", "window_started_at"} & stored.keys()


@pytest.mark.parametrize("value", ["none", "sent", "folded", "summary", "snoozed"])
def test_stored_notification_is_read(value: str) -> None:
    stored = json.loads(encode_decision(DECISION)) | {"told": value}
    assert decode_decision(json.dumps(stored)).notification == value
