"""Items of decided transactions for tests."""

import math
from collections.abc import Sequence
from typing import Any

from functions.common.domain.decision import Decision
from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION
from functions.common.domain.suspicious_message import Reason
from functions.common.dynamodb.decision_attribute import encode_decision
from tests.unit.functions.builders import NOW, attributes

UNKNOWN_FEATURES = (math.nan,) * len(FEATURE_NAMES)


def make_decision(features: Sequence[float] = UNKNOWN_FEATURES, **changes: Any) -> Decision:
    values: dict[str, Any] = {
        "score": 0.25,
        "suspicious": False,
        "decided_by": "none",
        "rules_score": 0.25,
        "reasons": (Reason(rule_id="over", weight=0.25, text="Over"),),
        "rules": "r1",
        "shadow_rules": ("tried",),
        "features_version": FEATURES_VERSION,
        "features": tuple(None if math.isnan(value) else value for value in features),
        "decided_at": NOW,
        "latency_ms": 5,
        "label_delay_days": 7,
    }
    return Decision(**values | changes)


def decided_item(
    timestamp: int = NOW, *, decision: Decision | None = None, label: str | None = None, **changes: Any
) -> dict[str, Any]:
    """An item of the table with a decision, and a label if given."""
    item = attributes(timestamp={"N": str(timestamp)}, **changes)
    item["decision"] = encode_decision(decision or make_decision())
    return item | ({"label": {"S": label}} if label else {})


def guard_item() -> dict[str, Any]:
    return {"transaction_id": {"S": "tx-1"}, "timestamp": {"N": "0"}, "claimed_timestamp": {"N": str(NOW)}}
