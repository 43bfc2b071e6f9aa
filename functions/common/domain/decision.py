"""What was decided of a transaction, as it is recorded on the transaction's item in the table."""

from typing import Literal

import msgspec
from msgspec import Struct

from functions.common.domain.suspicious_message import Reason

FRAUD = "fraud"
"""The label of a transaction that is counted as confirmed fraud."""

Told = Literal["none", "sent", "folded", "summary", "snoozed"]
"""Whether people are told: by an alert of its own, by one with others of its account, or not at all.

`summary` is the first of those that are told together: it makes sure that they are.
"""


class CandidateDecision(Struct, frozen=True, kw_only=True):
    """What a candidate beside the live model and rules would have decided; nobody is told of it."""

    score: float
    suspicious: bool
    model: str
    rules: str


class Decision(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`score` and `probability` are 0 to 1, times epoch milliseconds, `latency_ms` since it was received.

    `features` are in the order of features.NAMES of that version, None where unknown; reasons heaviest first.
    `told_since` is the beginning of the window of alerts that the transaction belongs to.
    """

    score: float
    suspicious: bool
    decided_by: str
    rules_score: float
    probability: float | None = None
    reasons: tuple[Reason, ...] = ()
    rules: str
    model: str = ""
    shadow_rules: tuple[str, ...] = ()
    candidate: CandidateDecision | None = None
    features_version: int
    features: tuple[float | None, ...]
    decided_at: int
    latency_ms: int
    told: Told = "none"
    told_since: int = 0


def to_text(decision: Decision) -> str:
    """The decision as JSON; floats come back as the same floats."""
    return msgspec.json.encode(decision).decode()


def from_text(text: str) -> Decision:
    """The decision from what `to_text` gave. Raises msgspec.DecodeError."""
    return msgspec.json.decode(text, type=Decision)
