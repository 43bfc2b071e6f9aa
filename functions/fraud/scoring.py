"""Scores a transaction: pure, deterministic, explained.

Features (of an account's history, say) are looked up like the transaction's own fields. A model's opinion is
one more Reason among those that `decide` adds up.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from functions.common.event import TransactionInserted
from functions.common.money import readable
from functions.common.suspicious import Reason
from functions.fraud.rules import AllowList, BlockList, Outside, Rule, RuleSet

Features = Mapping[str, str]
"""What is known of a transaction beyond its own fields, by name."""

NO_FEATURES: Features = {}
_CERTAIN = 1.0
# Sums of decimal fractions are not exact in binary: 0.7 + 0.1 must reach a threshold of 0.8.
_SCORE_DIGITS = 6


class Decision(Struct, frozen=True, kw_only=True):
    """`score` is 0 to 1; `reasons` are the contributions to it, the heaviest first."""

    score: float
    suspicious: bool
    reasons: tuple[Reason, ...]


def score(transaction: TransactionInserted, features: Features, ruleset: RuleSet) -> Decision:
    """How suspicious the transaction is, and why: the block list decides, then the allow list, then rules."""
    if listed := _listed(transaction, ruleset.block_list):
        return decide([_block_reason(transaction, ruleset.block_list, listed)], ruleset.threshold)
    if _listed(transaction, ruleset.allow_list):
        return decide([], ruleset.threshold)
    return decide(rule_reasons(transaction, features, ruleset.rules), ruleset.threshold)


def decide(reasons: Iterable[Reason], threshold: float) -> Decision:
    """Adds up contributions, wherever they come from, to a score of at most 1."""
    ordered = tuple(sorted(reasons, key=lambda reason: (-reason.weight, reason.rule_id)))
    total = min(round(sum(reason.weight for reason in ordered), _SCORE_DIGITS), 1.0)
    return Decision(score=total, suspicious=total >= threshold, reasons=ordered)


def rule_reasons(
    transaction: TransactionInserted, features: Features, rules: Iterable[Rule]
) -> Iterator[Reason]:
    """The contributions of the rules whose conditions all hold."""
    for rule in rules:
        if _amount_holds(transaction, rule) and _conditions_hold(transaction, features, rule):
            text = rule.reason.format_map(_words(transaction, rule))
            yield Reason(rule_id=rule.id, weight=rule.weight, text=text)


def _amount_holds(transaction: TransactionInserted, rule: Rule) -> bool:
    if not rule.amount_over:
        return True
    limit = rule.limit(transaction.currency)
    return limit is not None and transaction.amount > limit


def _conditions_hold(transaction: TransactionInserted, features: Features, rule: Rule) -> bool:
    for field, condition in rule.when.items():
        value = getattr(transaction, field, None) or features.get(field)
        # What is not known speaks neither for nor against a transaction.
        if value is None:
            return False
        if isinstance(condition, Outside):
            if value in condition.not_in:
                return False
        elif value not in condition:
            return False
    return True


def _listed(transaction: TransactionInserted, entries: AllowList | BlockList) -> str | None:
    if transaction.account_id in entries.accounts:
        return "account"
    if transaction.merchant_id in entries.merchants:
        return "merchant"
    return None


def _block_reason(transaction: TransactionInserted, block_list: BlockList, listed: str) -> Reason:
    text = block_list.reason.format_map({**_words(transaction), "listed": listed})
    return Reason(rule_id=block_list.id, weight=_CERTAIN, text=text)


def _words(transaction: TransactionInserted, rule: Rule | None = None) -> dict[str, str]:
    """What the placeholders of a reason stand for."""
    limit = rule.limit(transaction.currency) if rule else None
    return {
        "amount": readable(transaction.amount, transaction.currency),
        "limit": readable(limit, transaction.currency) if limit is not None else "",
        "currency": transaction.currency,
        "merchant_id": transaction.merchant_id,
        "channel": transaction.channel or "unknown",
        "country": transaction.country or "unknown",
        "merchant_category": transaction.merchant_category or "unknown",
    }
