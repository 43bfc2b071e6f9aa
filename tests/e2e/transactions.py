"""Transactions that tests post: each with an id of its own, so that tests do not meet."""

import time
import uuid
from typing import Any

HARMLESS_AMOUNT = "12.34"
# Over every limit of stacks/processing/rules.yaml.
LARGE_AMOUNT = "999999.99"


def transaction(**fields: Any) -> dict[str, Any]:
    """A valid transaction that no rule minds, with `fields` put over it."""
    return {
        "transaction_id": f"t-{uuid.uuid4().hex}",
        "account_id": f"a-{uuid.uuid4().hex[:12]}",
        "merchant_id": "m-bakery",
        "amount": HARMLESS_AMOUNT,
        "currency": "EUR",
        "timestamp": int(time.time() * 1000),
        **fields,
    }


def suspicious(**fields: Any) -> dict[str, Any]:
    """A valid transaction whose amount is over every limit."""
    return transaction(**{"amount": LARGE_AMOUNT, **fields})
