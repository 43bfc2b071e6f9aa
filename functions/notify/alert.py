"""An alert as people get it: a subject, a text for a phone, and attributes that subscribers filter by."""

from datetime import UTC, datetime

from msgspec import Struct

from functions.common.domain.currencies import readable
from functions.common.domain.suspicious_message import SuspiciousTransaction

# SNS: "less than 100 characters"; it refuses line breaks, control characters and anything that is not ASCII.
_SUBJECT_LENGTH = 99
_HIGH_SCORE = 0.8
_VISIBLE_DIGITS = 4
# An id too short to hide anything is not shown at all.
_MASKABLE_LENGTH = 8


class Alert(Struct, frozen=True, kw_only=True):
    """`attributes` are strings by name, but for `score`, which is a number as text."""

    subject: str
    text: str
    attributes: dict[str, str]


def compose(transaction: SuspiciousTransaction) -> Alert:
    """The alert for a suspicious transaction. Raises ValueError or OverflowError for a time that is none."""
    return Alert(subject=_subject(transaction), text=_text(transaction), attributes=_attributes(transaction))


def summarize(transaction: SuspiciousTransaction, count: int) -> Alert:
    """One alert for the `count` that an account had in a window, of which the first was told of at once.

    Raises ValueError or OverflowError for a time that is none.
    """
    since = _utc(transaction.summary_since)
    lines = [
        f"{count} transactions of one account looked suspicious since {since}.",
        "The first was told of at once; this stands for all the others.",
        "",
        f"Account: {masked(transaction.account_id)}",
        "",
        f"Second transaction id: {_one_line(transaction.transaction_id)}",
    ]
    return Alert(
        subject=f"Fraud alert: {count} suspicious transactions of one account",
        text="\n".join(lines) + "\n",
        attributes=_attributes(transaction) | {"alerts": str(count)},
    )


def severity(score: float) -> str:
    """'high' or 'medium'."""
    return "high" if score >= _HIGH_SCORE else "medium"


def masked(account_id: str) -> str:
    """Enough to recognise an account by, not enough to use it."""
    return "****" + (account_id[-_VISIBLE_DIGITS:] if len(account_id) >= _MASKABLE_LENGTH else "")


def _subject(transaction: SuspiciousTransaction) -> str:
    amount = readable(transaction.amount, transaction.currency)
    subject = f"Fraud alert ({transaction.score:.2f}): {amount} at {transaction.merchant_id}"
    return _one_line(subject).encode("ascii", "replace").decode("ascii")[:_SUBJECT_LENGTH]


def _text(transaction: SuspiciousTransaction) -> str:
    category = f" ({transaction.merchant_category})" if transaction.merchant_category else ""
    facts = {
        "Amount": readable(transaction.amount, transaction.currency),
        "Merchant": f"{transaction.merchant_id}{category}",
        "Account": masked(transaction.account_id),
        "When": _utc(transaction.timestamp),
        "Channel": transaction.channel,
        "Country": transaction.country,
        "Score": f"{transaction.score:.2f} ({severity(transaction.score)})",
    }
    lines = ["A transaction looks suspicious.", ""]
    lines += [f"{name}: {_one_line(value)}" for name, value in facts.items() if value]
    lines += ["", "Why:"]
    lines += [f"- {_one_line(reason.text)} (+{reason.weight:.2f})" for reason in transaction.reasons]
    lines += ["", f"Transaction id: {_one_line(transaction.transaction_id)}"]
    return "\n".join(lines) + "\n"


def _attributes(transaction: SuspiciousTransaction) -> dict[str, str]:
    attributes = {
        "transaction_id": transaction.transaction_id,
        "severity": severity(transaction.score),
        "currency": transaction.currency,
        "channel": transaction.channel,
        "score": str(transaction.score),
    }
    # SNS refuses an attribute without a value.
    return {name: value for name, value in attributes.items() if value}


def _utc(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _one_line(text: str) -> str:
    """Without line breaks, control characters, or marks that turn the direction of reading around."""
    return "".join(character if character.isprintable() else " " for character in text)
