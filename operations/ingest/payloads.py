"""Transactions and labels as a client posts them."""

import msgspec

from functions.common.domain.transaction import Transaction
from functions.labels.label import Label


def body(transaction: Transaction) -> bytes:
    """The transaction as a client posts it: JSON, the amount an exact string, absent fields left out."""
    return msgspec.json.encode(present(transaction))


def label_body(label: Label) -> bytes:
    """The label as a client posts it: JSON, absent fields left out."""
    return msgspec.json.encode(present(label))


def present(posted: Transaction | Label) -> dict[str, str | int]:
    """The fields that are given, as JSON's types; an amount is a string."""
    values = msgspec.to_builtins(posted)
    return {name: value for name, value in values.items() if value is not None}
