"""Items of origins in the table `profiles`: the devices and IP addresses that accounts use.

An item has an attribute for each slot of the profile. One request adds an account to its slot and returns the
item as it was before, so an origin needs neither a read nor a version (ADR 28).
"""

import re
from typing import Any

from functions.common.domain.origin_profile import TAG_BITS, Origin, OriginProfile, build_entry
from functions.common.dynamodb.client import Item
from functions.common.dynamodb.profile_items import profile_key, profile_subject

# Longer than the longest window of a feature, 30 days.
RETENTION_SECONDS = 32 * 86_400
# The minute has four bytes. DynamoDB compares binary values byte by byte, so a later entry is greater.
_ENTRY_BYTES = 4 + TAG_BITS // 8
_SLOT_NAME = re.compile(r"[0-9]{2}")


def build_origin_update(
    table: str, origin: Origin, account_id: str, timestamp: int, now_ms: int
) -> dict[str, Any]:
    """The update that adds a use of an origin by an account, unless its slot has a later one."""
    slot, entry = build_entry(account_id, timestamp)
    return {
        "TableName": table,
        "Key": profile_key(profile_subject(origin.kind, origin.identifier)),
        "UpdateExpression": "SET #slot = :entry, expires_at = :expires",
        "ConditionExpression": "attribute_not_exists(#slot) OR #slot < :entry",
        "ExpressionAttributeNames": {"#slot": f"{slot:02}"},
        "ExpressionAttributeValues": {
            ":entry": {"B": entry.to_bytes(_ENTRY_BYTES, "big")},
            ":expires": {"N": str(now_ms // 1000 + RETENTION_SECONDS)},
        },
    }


def decode_origin(item: Item) -> OriginProfile:
    """The profile in an item, empty for an empty item."""
    return OriginProfile(
        {
            int(name): int.from_bytes(attribute["B"], "big")
            for name, attribute in item.items()
            if _SLOT_NAME.fullmatch(name)
        }
    )
