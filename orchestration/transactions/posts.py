"""A transaction as a client posts it."""

import msgspec

from functions.common.transaction import Transaction


def body(transaction: Transaction) -> bytes:
    """The transaction as a client posts it: JSON, the amount an exact string, absent fields left out."""
    return msgspec.json.encode(present(transaction))


def present(transaction: Transaction) -> dict[str, str | int]:
    """The fields that are given, as JSON's types; the amount is a string."""
    values = msgspec.to_builtins(transaction)
    return {name: value for name, value in values.items() if value is not None}
