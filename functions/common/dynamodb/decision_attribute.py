"""The attribute `decision` of a transaction's item: packed in format 2, as JSON in format 1.

Format 2 is an array without field names, in which numbers without a fraction are integers. It takes less than
half of the bytes of the JSON, so that a typical item with its decision stays below 1 KB, the unit of
DynamoDB's writes. A decision is written once and never rewritten, so readers ignore fields that a newer
version appends.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from functions.common.domain.decision import CandidateDecision, Decision, Notification
from functions.common.domain.suspicious_message import Reason

Attribute = Mapping[str, Any]
"""A DynamoDB-typed attribute: {"B": b"…"}."""

# Larger floats are integers too, but msgpack does not store all of them as such.
_MAX_INTEGER = 2.0**53


class _PackedReason(Struct, frozen=True, array_like=True):
    rule_id: str
    weight: float
    text: str


class _PackedCandidate(Struct, frozen=True, array_like=True):
    """`rules` is empty if they are the live ones."""

    score: float
    suspicious: bool
    model: str
    rules: str


class _PackedDecision(Struct, frozen=True, array_like=True):
    """A decision in format 2. `rules_score` is None if it is the score."""

    format: Literal[2]
    score: float
    suspicious: bool
    decided_by: str
    rules_score: float | None
    probability: float | None
    reasons: tuple[_PackedReason, ...]
    rules: str
    model: str
    shadow_rules: tuple[str, ...]
    candidate: _PackedCandidate | None
    features_version: int
    features: tuple[float | None, ...]
    decided_at: int
    latency_ms: int
    notification: Notification
    window_started_at: int
    label_delay_days: int = 0


_decode_packed = msgspec.msgpack.Decoder(_PackedDecision).decode
_decode_json = msgspec.json.Decoder(Decision).decode


def encode_decision(decision: Decision) -> Attribute:
    """The attribute, in the format that this version writes. Floats keep their exact values."""
    return _ENCODERS[DECISION_FORMAT](decision)


def decode_decision(attribute: Attribute) -> Decision:
    """The decision in an attribute of any format. Raises msgspec.DecodeError."""
    if "S" in attribute:
        return _decode_json(attribute["S"])
    packed = _decode_packed(attribute["B"])
    return Decision(
        score=packed.score,
        suspicious=packed.suspicious,
        decided_by=packed.decided_by,
        rules_score=packed.score if packed.rules_score is None else packed.rules_score,
        probability=packed.probability,
        reasons=tuple(
            Reason(rule_id=reason.rule_id, weight=reason.weight, text=reason.text)
            for reason in packed.reasons
        ),
        rules=packed.rules,
        model=packed.model,
        shadow_rules=packed.shadow_rules,
        candidate=_unpack_candidate(packed),
        features_version=packed.features_version,
        features=packed.features,
        decided_at=packed.decided_at,
        latency_ms=packed.latency_ms,
        notification=packed.notification,
        window_started_at=packed.window_started_at,
        label_delay_days=packed.label_delay_days,
    )


def _encode_json(decision: Decision) -> Attribute:
    return {"S": msgspec.json.encode(decision).decode()}


def _encode_packed(decision: Decision) -> Attribute:
    packed = _PackedDecision(
        format=2,
        score=_shorten(decision.score),
        suspicious=decision.suspicious,
        decided_by=decision.decided_by,
        rules_score=None if decision.rules_score == decision.score else _shorten(decision.rules_score),
        probability=decision.probability,
        reasons=tuple(
            _PackedReason(reason.rule_id, _shorten(reason.weight), reason.text) for reason in decision.reasons
        ),
        rules=decision.rules,
        model=decision.model,
        shadow_rules=decision.shadow_rules,
        candidate=_pack_candidate(decision),
        features_version=decision.features_version,
        features=tuple([None if value is None else _shorten(value) for value in decision.features]),
        decided_at=decision.decided_at,
        latency_ms=decision.latency_ms,
        notification=decision.notification,
        window_started_at=decision.window_started_at,
        label_delay_days=decision.label_delay_days,
    )
    return {"B": msgspec.msgpack.encode(packed)}


# A release reads a new format before the next one writes it, so that each release can be rolled back.
DECISION_FORMAT = 2
_ENCODERS: Mapping[int, Callable[[Decision], Attribute]] = {1: _encode_json, 2: _encode_packed}


def _pack_candidate(decision: Decision) -> _PackedCandidate | None:
    candidate = decision.candidate
    if candidate is None:
        return None
    rules = "" if candidate.rules == decision.rules else candidate.rules
    return _PackedCandidate(_shorten(candidate.score), candidate.suspicious, candidate.model, rules)


def _unpack_candidate(packed: _PackedDecision) -> CandidateDecision | None:
    candidate = packed.candidate
    if candidate is None:
        return None
    return CandidateDecision(
        score=candidate.score,
        suspicious=candidate.suspicious,
        model=candidate.model,
        rules=candidate.rules or packed.rules,
    )


def _shorten(value: float) -> float:
    """The same number, as an integer if it is one: 1 to 5 bytes instead of 9."""
    return int(value) if -_MAX_INTEGER < value < _MAX_INTEGER and value == int(value) else value
