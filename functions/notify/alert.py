"""The text of alerts: a subject, a body that fits a phone, and attributes that subscribers filter by."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from functions.common.domain.currencies import format_money
from functions.common.domain.suspicious_decision import SuspiciousDecision
from functions.common.domain.suspicious_message import SuspiciousTransaction

# The transactions of a summary. With the longest IDs, it has about 200 KB, and SNS accepts 256 KB.
MAX_LISTED = 2500
# The transactions with time, amount, score and reason: about 5 KB. Further ones are listed by ID only.
_MAX_DETAILED = 25
# SNS accepts fewer than 100 characters, ASCII only, without line breaks and control characters.
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
_SUBJECT_LENGTH = 99
_HIGH_SCORE = 0.8
_VISIBLE_DIGITS = 4
# A shorter ID is masked completely, because its last characters would reveal most of it.
_MASKABLE_LENGTH = 8


class Alert(Struct, frozen=True, kw_only=True):
    """An alert. The attributes `score` and `alerts` are numbers as text."""

    subject: str
    text: str
    attributes: dict[str, str]


def compose_alert(transaction: SuspiciousTransaction) -> Alert:
    """Compose the alert on a suspicious transaction.

    Raises ValueError or OverflowError for a timestamp that is not a valid time.
    """
    return Alert(
        subject=_format_subject(transaction),
        text=_format_text(transaction),
        attributes=_build_attributes(transaction),
    )


def compose_summary(
    transaction: SuspiciousTransaction, count: int, decisions: Sequence[SuspiciousDecision]
) -> Alert:
    """Compose the summary of an alert window with `count` alerts. The first has a message of its own.

    `decisions` are the first MAX_LISTED of the window. An older version of the fraud function stored none.
    `count` is too low for a summary that is delayed until two more windows began.
    Raises ValueError or OverflowError for a timestamp that is not a valid time.
    """
    count = max(count, len(decisions))
    since = _format_utc(transaction.summary_since)
    lines = [
        f"{count} transactions of one account looked suspicious since {since}.",
        "The first of them has an alert of its own, which can be late or missing.",
        "",
        f"Account: {mask_account(transaction.account_id)}",
    ]
    for decision in decisions[:_MAX_DETAILED]:
        lines += ["", *_format_decision(decision)]
    if others := decisions[_MAX_DETAILED:]:
        lines += ["", f"Ids of {len(others)} further transactions:"]
        lines += [_to_one_line(decision.transaction_id) for decision in others]
    if count > len(decisions):
        lines += [
            "",
            f"{count - len(decisions)} more are not listed here. To list all of them:",
            f"- Find the account: invoke explain {_to_one_line(transaction.transaction_id)}",
            "- List its alerts: invoke alerts --account ACCOUNT",
        ]
    return Alert(
        subject=f"Fraud alert: {count} suspicious transactions of one account",
        text="\n".join(lines) + "\n",
        attributes=_build_attributes(transaction) | {"alerts": str(count)},
    )


def classify_severity(score: float) -> str:
    """'high' or 'medium'."""
    return "high" if score >= _HIGH_SCORE else "medium"


def mask_account(account_id: str) -> str:
    """Mask an account ID, except for its last digits."""
    return "****" + (account_id[-_VISIBLE_DIGITS:] if len(account_id) >= _MASKABLE_LENGTH else "")


def _format_subject(transaction: SuspiciousTransaction) -> str:
    amount = format_money(transaction.amount, transaction.currency)
    subject = f"Fraud alert ({transaction.score:.2f}): {amount} at {transaction.merchant_id}"
    return _to_one_line(subject).encode("ascii", "replace").decode("ascii")[:_SUBJECT_LENGTH]


def _format_text(transaction: SuspiciousTransaction) -> str:
    category = f" ({transaction.merchant_category})" if transaction.merchant_category else ""
    facts = {
        "Amount": format_money(transaction.amount, transaction.currency),
        "Merchant": f"{transaction.merchant_id}{category}",
        "Account": mask_account(transaction.account_id),
        "When": _format_utc(transaction.timestamp),
        "Channel": transaction.channel,
        "Country": transaction.country,
        "Score": f"{transaction.score:.2f} ({classify_severity(transaction.score)})",
    }
    lines = ["A transaction looks suspicious.", ""]
    lines += [f"{name}: {_to_one_line(value)}" for name, value in facts.items() if value]
    lines += ["", "Why:"]
    lines += [f"- {_to_one_line(reason.text)} (+{reason.weight:.2f})" for reason in transaction.reasons]
    lines += ["", f"Transaction id: {_to_one_line(transaction.transaction_id)}"]
    return "\n".join(lines) + "\n"


def _format_decision(decision: SuspiciousDecision) -> Iterator[str]:
    amount = format_money(decision.amount, decision.currency)
    yield f"{_format_utc(decision.timestamp)}  {amount}  score {decision.score:.2f}"
    if decision.reason:
        yield f"- {_to_one_line(decision.reason)}"
    yield f"Transaction id: {_to_one_line(decision.transaction_id)}"


def _build_attributes(transaction: SuspiciousTransaction) -> dict[str, str]:
    attributes = {
        "transaction_id": transaction.transaction_id,
        "severity": classify_severity(transaction.score),
        "currency": transaction.currency,
        "channel": transaction.channel,
        "score": str(transaction.score),
    }
    # SNS rejects an attribute without a value.
    return {name: value for name, value in attributes.items() if value}


def _format_utc(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _to_one_line(text: str) -> str:
    """Replace line breaks, control characters and marks that reverse the text direction with spaces."""
    return "".join(character if character.isprintable() else " " for character in text)
