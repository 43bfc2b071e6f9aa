"""Calls on the embedded AWS that a role may make only without one of its conditions.

The embedded AWS checks the conditions on DynamoDB's items. The evaluator of tests/aws checks every condition.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TRANSACTION = {"transaction_id": {"S": "missing"}, "timestamp": {"N": "1"}}
_KEYS: Mapping[str, Mapping[str, Any]] = {
    "transaction": _TRANSACTION,
    **{
        kind: {"subject": {"S": f"{kind}#missing"}, "part": {"S": "profile"}}
        for kind in ("account", "merchant", "device")
    },
}


@dataclass(frozen=True)
class ConditionCall:
    """A call that the condition on `key` of a statement forbids."""

    role: str
    sid: str
    key: str
    purpose: str
    operation: str
    arguments: Mapping[str, Any]


def _update(kind: str, attribute: str) -> dict[str, Any]:
    """A plain update that is never carried out, because its condition is never true."""
    return {
        "TableName": "transactions" if kind == "transaction" else "profiles",
        "Key": _KEYS[kind],
        "UpdateExpression": "SET #attribute = :value",
        "ConditionExpression": "attribute_exists(expires_at)",
        "ExpressionAttributeNames": {"#attribute": attribute},
        "ExpressionAttributeValues": {":value": {"S": "x"}},
    }


def _plain_update(role: str, sid: str, kind: str) -> ConditionCall:
    return ConditionCall(
        role,
        sid,
        "dynamodb:EnclosingOperation",
        f"update an item '{kind}' outside of a transaction",
        "update_item",
        _update(kind, "state"),
    )


CONDITION_CALLS = (
    _plain_update("fraud", "KeepProfiles", "account"),
    _plain_update("fraud", "RecordDecisions", "transaction"),
    _plain_update("labels", "KeepProfiles", "account"),
    _plain_update("labels", "LabelTransactions", "transaction"),
    ConditionCall(
        "fraud",
        "UseOrigins",
        "dynamodb:LeadingKeys",
        "write the slot of a device to an account",
        "update_item",
        _update("account", "07"),
    ),
    ConditionCall(
        "fraud",
        "UseOrigins",
        "dynamodb:Attributes",
        "snooze a device",
        "update_item",
        _update("device", "snooze"),
    ),
    ConditionCall(
        "merchants",
        "ReadMerchants",
        "dynamodb:LeadingKeys",
        "read an account",
        "batch_get_item",
        {"RequestItems": {"profiles": {"Keys": [_KEYS["account"]]}}},
    ),
    ConditionCall(
        "merchants",
        "CountMerchants",
        "dynamodb:LeadingKeys",
        "write counts to an account",
        "update_item",
        _update("account", "counted"),
    ),
    ConditionCall(
        "merchants",
        "CountMerchants",
        "dynamodb:Attributes",
        "snooze a merchant",
        "update_item",
        _update("merchant", "snooze"),
    ),
    ConditionCall(
        "notify",
        "RecordAlerts",
        "dynamodb:Attributes",
        "write a decision",
        "update_item",
        _update("transaction", "decision"),
    ),
)
