"""The message on the queue `suspicious`: what the fraud function sends and the notify function reads."""

from msgspec import Struct

from functions.common.domain.transaction_event import TransactionFacts


class Reason(Struct, frozen=True, kw_only=True):
    """One contribution to a score: by which rule (or model), how much (0 to 1], and a sentence for people."""

    rule_id: str
    weight: float
    text: str


class SuspiciousTransaction(TransactionFacts, frozen=True, kw_only=True):
    """A transaction to tell people about; `score` is 0 to 1, the heaviest reason is first.

    `summary_since`: to be told is not this transaction alone, but how many of its account there were in the
    window of alerts that began then (epoch milliseconds). As JSON, `amount` is a string, so that it stays
    exact.
    """

    score: float
    reasons: tuple[Reason, ...]
    summary_since: int = 0
