"""The message on the queue `suspicious`, sent by the fraud function and read by the notify function."""

from msgspec import Struct

from functions.common.domain.transaction_event import StoredTransaction


class Reason(Struct, frozen=True, kw_only=True):
    """One contribution to a score.

    `rule_id` names the rule, the list or the model's feature. `weight` is 0 to 1. It is 0 for a
    reason that clears the transaction, and for a rule from which the model learned nothing. `text` is a
    sentence for readers.
    """

    rule_id: str
    weight: float
    text: str


class SuspiciousTransaction(StoredTransaction, frozen=True, kw_only=True):
    """A transaction to alert on. `score` is 0 to 1; `reasons` are sorted by weight, heaviest first.

    A `summary_since` above 0 requests a summary of the account's alert window that started at that time
    (epoch milliseconds). In JSON, `amount` is a string, which keeps it exact.
    """

    score: float
    reasons: tuple[Reason, ...]
    summary_since: int = 0
