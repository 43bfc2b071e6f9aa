"""A recorded decision: the result of scoring one transaction. `dynamodb/decision_attribute.py` stores it."""

from enum import StrEnum

from msgspec import Struct

from functions.common.domain.suspicious_message import Reason

FRAUD = "fraud"
"""The label of confirmed fraud."""


class Notification(StrEnum):
    """The alert on a transaction: its kind, or the reason for none. The values are stored."""

    NONE = "none"
    """Not suspicious, or a historic transaction: no alert."""
    SENT = "sent"
    """An alert of its own, the first one in an alert window of the account."""
    SUMMARY = "summary"
    """The second one in the window: its message triggers the summary that covers all that follow."""
    FOLDED = "folded"
    """A later one in the window: counted in the summary."""
    SNOOZED = "snoozed"
    """Suspicious, but the account or every rule that flagged it is snoozed: no alert."""


class CandidateDecision(Struct, frozen=True, kw_only=True):
    """The decision of the candidate model and rules. It is recorded and causes no alert."""

    score: float
    suspicious: bool
    model: str
    rules: str


class Decision(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={"notification": "told", "window_started_at": "told_since"},
):
    """The decision on one transaction.

    `score` and `probability`, which is that of model and rules together, are 0 to 1. Times are epoch
    milliseconds. `latency_ms` counts from the time at which the API received the transaction. `reasons` are
    sorted by weight, heaviest first. `features` follow the order of `FEATURE_NAMES` in `features_version`;
    unknown values are None. `window_started_at` is the start of the transaction's alert window, or 0 without
    one. `label_delay_days`: the label delay that the features assume, or 0 in a decision of an older version.
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
    notification: Notification = Notification.NONE
    window_started_at: int = 0
    label_delay_days: int = 0
