"""An entry in the list of an account's suspicious decisions. `dynamodb/suspicious_items.py` stores it."""

from decimal import Decimal

from msgspec import Struct

from functions.common.domain.decision import Decision
from functions.common.domain.transaction_event import StoredTransaction

# The entry is stored for every suspicious transaction, and its item is below 1 KB.
_MAX_REASON_LENGTH = 120


class SuspiciousDecision(Struct, frozen=True, kw_only=True):
    """A suspicious decision, as alerts list it. Times are epoch milliseconds.

    `reason` is the reason with the highest weight, shortened. `window_started_at` is the start of the alert
    window, or 0 for a decision without an alert.
    """

    transaction_id: str
    timestamp: int
    amount: Decimal
    currency: str
    score: float
    reason: str
    decided_at: int
    window_started_at: int = 0


def summarize_decision(transaction: StoredTransaction, decision: Decision) -> SuspiciousDecision:
    """The entry for a suspicious decision."""
    return SuspiciousDecision(
        transaction_id=transaction.transaction_id,
        timestamp=transaction.timestamp,
        amount=transaction.amount,
        currency=transaction.currency,
        score=decision.score,
        reason=_shorten(decision.reasons[0].text) if decision.reasons else "",
        decided_at=decision.decided_at,
        window_started_at=decision.window_started_at,
    )


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_REASON_LENGTH else f"{text[: _MAX_REASON_LENGTH - 1]}…"
