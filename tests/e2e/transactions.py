"""Transactions that tests post, each with a unique id, so that tests do not affect each other."""

import time
import uuid
from typing import Any

HARMLESS_AMOUNT = "12.34"
# Over every limit of stacks/processing/rules.yaml.
LARGE_AMOUNT = "999999.99"


def build_transaction(**fields: Any) -> dict[str, Any]:
    """Return a valid transaction that no rule flags, with `fields` replaced."""
    return {
        "transaction_id": f"t-{uuid.uuid4().hex}",
        "account_id": f"a-{uuid.uuid4().hex[:12]}",
        "merchant_id": f"m-{uuid.uuid4().hex[:12]}",
        "amount": HARMLESS_AMOUNT,
        "currency": "EUR",
        "timestamp": int(time.time() * 1000),
        **fields,
    }


def build_suspicious_transaction(**fields: Any) -> dict[str, Any]:
    """Return a valid transaction with an amount over every limit."""
    return build_transaction(**{"amount": LARGE_AMOUNT, **fields})
