"""Builders for transactions, events and messages. A test passes only the values that it depends on."""

import json
import math
from typing import Any

import msgspec

from functions.common.domain.decision import Decision
from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION
from functions.common.domain.suspicious_decision import SuspiciousDecision
from functions.common.domain.suspicious_message import Reason, SuspiciousTransaction
from functions.common.domain.transaction import Transaction
from functions.common.domain.transaction_event import TransactionInserted, stored_values

NO_FEATURES = (math.nan,) * len(FEATURE_NAMES)
"""The features of a transaction without any history."""

NOW = 1_780_000_000_000
"""Epoch milliseconds: 2026-05-28T20:26:40Z."""


def posted(**changes: Any) -> dict[str, Any]:
    """A complete and valid body of a request."""
    return {
        "transaction_id": "tx-1",
        "account_id": "account-123456789",
        "merchant_id": "merchant_1",
        "amount": 12.5,
        "currency": "USD",
        "timestamp": NOW,
        "channel": "ecommerce",
        "country": "US",
        "device_id": "device 7",
        "ip_address": "192.0.2.1",
        "merchant_category": "groceries",
    } | changes


def transaction(**changes: Any) -> Transaction:
    return msgspec.convert(posted(**changes), Transaction)


def request(body: str | dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """An event of API Gateway's proxy integration."""
    return {
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(posted()) if body is None else body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    } | changes


def attributes(**changes: Any) -> dict[str, Any]:
    """The DynamoDB-typed transaction in an event."""
    return {
        "transaction_id": {"S": "tx-1"},
        "timestamp": {"N": str(NOW)},
        "account_id": {"S": "account-123456789"},
        "merchant_id": {"S": "merchant_1"},
        "amount": {"N": "12.5"},
        "currency": {"S": "USD"},
        "channel": {"S": "ecommerce"},
        "country": {"S": "US"},
        "device_id": {"S": "device 7"},
        "ip_address": {"S": "192.0.2.1"},
        "merchant_category": {"S": "groceries"},
        "received_at": {"N": str(NOW + 40)},
    } | changes


def inserted_event(**changes: Any) -> dict[str, Any]:
    """An EventBridge event, as the fraud function receives it."""
    return {
        "version": "0",
        "source": "fraud.transactions",
        "detail-type": "TransactionInserted",
        "detail": {"event_name": "INSERT", "transaction": attributes(**changes)},
    }


def inserted(**changes: Any) -> TransactionInserted:
    values = posted(received_at=NOW + 40) | changes
    return msgspec.convert(values, TransactionInserted)


def suspicious(**changes: Any) -> SuspiciousTransaction:
    values = stored_values(inserted(amount="12500.5"))
    reason = Reason(rule_id="amount-over-limit", weight=0.6, text="Amount of 12,500.50 USD is over the limit")
    return SuspiciousTransaction(**(values | {"score": 0.6, "reasons": (reason,)} | changes))


def suspicious_decision(**changes: Any) -> SuspiciousDecision:
    values = {
        "transaction_id": "tx-1",
        "timestamp": NOW,
        "amount": "12500.5",
        "currency": "USD",
        "score": 0.6,
        "reason": "Amount of 12,500.50 USD is over the limit",
        "decided_at": NOW + 240,
        "window_started_at": NOW,
    }
    return msgspec.convert(values | changes, SuspiciousDecision)


def recorded_decision(*, suspicious: bool, text: str = "over the limit") -> Decision:
    reasons = (Reason(rule_id="rule-1", weight=0.9, text=text),) if suspicious else ()
    return Decision(
        score=0.9 if suspicious else 0.1,
        suspicious=suspicious,
        decided_by="rules",
        rules_score=0.9,
        reasons=reasons,
        rules="r",
        features_version=FEATURES_VERSION,
        features=(1.5,) * len(FEATURE_NAMES),
        decided_at=NOW + 5,
        latency_ms=5,
    )


def message(message_id: str, body: str | SuspiciousTransaction) -> dict[str, Any]:
    """A record of an SQS batch."""
    text = body if isinstance(body, str) else msgspec.json.encode(body).decode()
    return {"messageId": message_id, "body": text}
