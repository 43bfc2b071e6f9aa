"""Request bodies for transactions and labels."""

import msgspec

from functions.common.domain.transaction import Transaction
from functions.labels.label import Label


def encode_payload(record: Transaction | Label) -> bytes:
    """Return the JSON body. Amounts are strings, so that they stay exact; absent fields are left out."""
    return msgspec.json.encode(select_fields(record))


def select_fields(record: Transaction | Label) -> dict[str, str | int]:
    """Return the fields that have a value, as JSON types."""
    fields = msgspec.to_builtins(record)
    return {name: value for name, value in fields.items() if value is not None}
