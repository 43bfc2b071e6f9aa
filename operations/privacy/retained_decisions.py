"""Decisions that are retained after an erasure, under a pseudonym.

A decision that called a transaction suspicious, and a confirmed fraud, affected a person: they document an
automated decision and support legal claims (GDPR, article 17(3)(b) and (e)). All other transactions are
deleted.
"""

from typing import Any

import msgspec

from functions.common.domain.decision import FRAUD
from functions.common.domain.time_buckets import DAY_MS
from functions.common.dynamodb.client import Item
from functions.common.dynamodb.decision_attribute import decode_decision, encode_decision
from operations.privacy.pseudonyms import Pseudonyms

REASON = "fraud decision: GDPR article 17(3)(b) and (e)"
ID_PREFIX = "erased-"
# Without an account, the filters of the pipe and of the function `merchants` do not accept the item.
RETAINED_ATTRIBUTES = (
    "merchant_id",
    "amount",
    "currency",
    "type",
    "channel",
    "merchant_category",
    "label",
    "unusual_amount",
    "expires_at",
)
"""The attributes of a transaction that its retained item has unchanged."""


def is_retained(item: Item) -> bool:
    """Whether the decision on a stored transaction is retained."""
    if item.get("label") == {"S": FRAUD}:
        return True
    if "decision" not in item:
        return False
    try:
        return decode_decision(item["decision"]).suspicious
    except msgspec.DecodeError:
        # A decision of a newer version. Deleting it cannot be undone.
        return True


def build_retained_item(item: Item, pseudonyms: Pseudonyms, now_ms: int) -> Item:
    """The item without personal data.

    Its key has a pseudonym of the transaction's id, and the day instead of the time. The texts of reasons are
    left out, because they quote the transaction; the ids of rules remain. A decision that cannot be read is
    left out as a whole.
    """
    day = int(item["timestamp"]["N"]) // DAY_MS * DAY_MS
    retained: dict[str, Any] = {name: item[name] for name in RETAINED_ATTRIBUTES if name in item}
    decision = _strip_decision(item, day)
    return {
        **retained,
        **({} if decision is None else {"decision": decision}),
        **({"alerted_at": {"N": str(day)}} if "alerted_at" in item else {}),
        "transaction_id": {
            "S": ID_PREFIX + pseudonyms.make("transaction", item["transaction_id"]["S"]),
        },
        "timestamp": {"N": str(day)},
        "account_pseudonym": {"S": pseudonyms.make("account", item["account_id"]["S"])},
        "retained_because": {"S": REASON},
        "erased_at": {"N": str(now_ms)},
    }


def _strip_decision(item: Item, day: int) -> Any:
    if "decision" not in item:
        return None
    try:
        decision = decode_decision(item["decision"])
    except msgspec.DecodeError:
        return None
    reasons = tuple(msgspec.structs.replace(reason, text="") for reason in decision.reasons)
    return encode_decision(
        msgspec.structs.replace(
            decision,
            reasons=reasons,
            decided_at=day,
            window_started_at=day if decision.window_started_at else 0,
        )
    )
