import json
import random
from typing import Any

import msgspec
import pytest

from functions.common.domain.decision import CandidateDecision, Decision, Notification
from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION
from functions.common.domain.suspicious_message import Reason
from functions.common.dynamodb import decision_attribute
from functions.common.dynamodb.decision_attribute import decode_decision, encode_decision
from tests.unit.functions.builders import NOW

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
COMPLETE = msgspec.structs.replace(
    DECISION,
    score=1.0,
    rules_score=1.0,
    probability=1 / 3,
    reasons=(
        Reason(rule_id="over", weight=1.0, text="Amount of 12,500.50 USD"),
        Reason(rule_id="r", weight=0, text=""),
    ),
    model="model-1",
    shadow_rules=("tried", "again"),
    candidate=CandidateDecision(score=0.5, suspicious=True, model="model-2", rules="rules-1"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def write_format_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """The facts of format 2 do not depend on the format that this version writes."""
    monkeypatch.setattr(decision_attribute, "DECISION_FORMAT", 2)


def encode_json(decision: Decision = DECISION) -> dict[str, Any]:
    return json.loads(msgspec.json.encode(decision))  # type: ignore[no-any-return]  # an object


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"candidate": CandidateDecision(score=0, suspicious=False, model="", rules="rules-2")},
        *({"notification": notification} for notification in Notification),
    ],
)
@pytest.mark.parametrize("decision", [DECISION, COMPLETE])
def test_decision_is_restored_from_its_attribute(decision: Decision, changes: dict[str, Any]) -> None:
    decision = msgspec.structs.replace(decision, **changes)
    assert decode_decision(encode_decision(decision)) == decision


def test_features_keep_their_exact_values() -> None:
    rng = random.Random(1)  # noqa: S311  # features, not a secret
    values = [rng.choice([-1, 1]) * rng.random() * 10 ** rng.randint(-9, 18) for _ in range(500)]
    features = (*values, *map(float, range(-5, 300)), 2.0**53, 1e300, None, 0.1 + 0.2)
    decision = msgspec.structs.replace(DECISION, features=features)
    assert decode_decision(encode_decision(decision)).features == features


def test_json_of_an_older_version_is_read() -> None:
    stored = {"S": json.dumps(encode_json(COMPLETE) | {"of_a_newer_version": 1})}
    assert decode_decision(stored) == COMPLETE


def test_notification_and_window_keep_their_names_in_json() -> None:
    stored = encode_json()
    assert (stored["told"], stored["told_since"]) == ("folded", 7)
    assert not {"notification", "window_started_at"} & stored.keys()


@pytest.mark.parametrize("value", ["none", "sent", "folded", "summary", "snoozed"])
def test_stored_notification_is_read(value: str) -> None:
    stored = {"S": json.dumps(encode_json() | {"told": value})}
    assert decode_decision(stored).notification == value


def test_field_that_a_newer_version_appends_is_ignored() -> None:
    fields = msgspec.msgpack.decode(encode_decision(COMPLETE)["B"])
    assert decode_decision({"B": msgspec.msgpack.encode([*fields, "newer"])}) == COMPLETE


def test_label_delay_is_recorded_and_0_in_a_decision_of_an_older_version() -> None:
    packed = encode_decision(msgspec.structs.replace(COMPLETE, label_delay_days=14))
    assert decode_decision(packed).label_delay_days == 14
    *older, _ = msgspec.msgpack.decode(packed["B"])
    assert decode_decision({"B": msgspec.msgpack.encode(older)}) == COMPLETE


def test_decision_in_a_newer_format_is_refused() -> None:
    _, *fields = msgspec.msgpack.decode(encode_decision(DECISION)["B"])
    with pytest.raises(msgspec.DecodeError):
        decode_decision({"B": msgspec.msgpack.encode([3, *fields])})


def test_version_that_only_reads_packed_decisions_writes_json(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = encode_decision(COMPLETE)
    monkeypatch.setattr(decision_attribute, "DECISION_FORMAT", 1)
    assert decode_decision(packed) == COMPLETE
    assert json.loads(encode_decision(COMPLETE)["S"]) == encode_json(COMPLETE)


def test_packed_decision_has_half_of_the_bytes_of_json() -> None:
    """The features of a typical account: 23 counts and flags, 4 ages, 20 fractions and 3 unknown values."""
    ages = (days * 86_400 for days in (0, 30, 90, 400))
    features = (*range(23), *ages, *(1000 / (3 + number) for number in range(20)), None, None, None)
    assert len(features) == len(FEATURE_NAMES)
    decision = Decision(
        score=0.0123456789, suspicious=False, decided_by="none", rules_score=0.0, probability=0.0123456789,
        rules="0123456789ab", model="0123456789ab", features_version=FEATURES_VERSION, features=features,
        decided_at=NOW, latency_ms=123,
    )  # fmt: skip
    packed = len(encode_decision(decision)["B"])
    assert packed <= 310
    assert packed <= len(msgspec.json.encode(decision)) / 2
