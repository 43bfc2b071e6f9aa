"""Rows of an export: decided transactions of the table, with recorded features, decision and label."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec

from detection.training.decided_schema import (
    DECISION_COLUMNS,
    FEATURE_COLUMNS,
    LABEL_COLUMNS,
    TRANSACTION_COLUMNS,
)
from functions.common.domain.decision import FRAUD, Decision
from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION
from functions.common.domain.time_buckets import DAY_MS
from functions.common.domain.transaction import REFUND
from functions.common.dynamodb.decision_attribute import decode_decision
from functions.common.dynamodb.profile_items import profile_subject

Item = Mapping[str, Any]
Row = tuple[Any, ...]
"""The values of the columns of `decided_schema.make_schema`, in order."""

ATTRIBUTES = (
    "timestamp",
    "account_id",
    "merchant_id",
    "amount",
    "currency",
    "country",
    "channel",
    "merchant_category",
    "type",
    "historic",
    "decision",
    "label",
)
"""The attributes of an item that a row is made from. Device and IP address are not read."""

_COLUMN_COUNT = len(TRANSACTION_COLUMNS) + len(LABEL_COLUMNS) + len(DECISION_COLUMNS) + len(FEATURE_COLUMNS)


class LeftOut(StrEnum):
    """A kind of transaction that training cannot learn from."""

    UNDECIDED = "undecided"
    REFUND = "refunds"
    HISTORIC = "historic"
    """Sent afterwards: the features are not those of the transaction's time."""
    OTHER_FEATURES = "other_features"
    """Decided with another version of the features."""
    UNREADABLE = "unreadable"
    """The decision has a format that this version does not support."""


class RowReader:
    """Makes rows of the items with timestamps from `since_ms` to before `until_ms`, and counts the others.

    `as_of_ms`: the time at which the items were read. A transaction without a label is genuine if its label
    was due by then, that is, `label_delay_days` after the transaction. Times are epoch milliseconds.
    """

    def __init__(self, since_ms: int, until_ms: int, as_of_ms: int, label_delay_days: int) -> None:
        self._since_ms = since_ms
        self._until_ms = until_ms
        self._genuine_before_ms = as_of_ms - label_delay_days * DAY_MS
        self.left_out = Counter[LeftOut]()

    def read(self, items: Iterable[Item]) -> Iterator[Row]:
        """The rows of the items. The guard items of ids are ignored."""
        for item in items:
            if "account_id" in item and self._since_ms <= int(item["timestamp"]["N"]) < self._until_ms:
                row = self._make_row(item)
                if isinstance(row, LeftOut):
                    self.left_out[row] += 1
                else:
                    yield row

    def _make_row(self, item: Item) -> Row | LeftOut:
        if _text(item, "type") == REFUND:
            return LeftOut.REFUND
        if item.get("historic", {}).get("BOOL"):
            return LeftOut.HISTORIC
        if "decision" not in item:
            return LeftOut.UNDECIDED
        try:
            decision = decode_decision(item["decision"])
        except msgspec.DecodeError:
            return LeftOut.UNREADABLE
        if decision.features_version != FEATURES_VERSION or len(decision.features) != len(FEATURE_NAMES):
            return LeftOut.OTHER_FEATURES
        timestamp, label = int(item["timestamp"]["N"]), _text(item, "label")
        row = (
            timestamp,
            _account_pseudonym(item["account_id"]["S"]),
            _merchant_pseudonym(item["merchant_id"]["S"]),
            Decimal(item["amount"]["N"]),
            item["currency"]["S"],
            _text(item, "country"),
            _text(item, "channel"),
            _text(item, "merchant_category"),
            label,
            self._label_to_learn(label, timestamp),
            *_decision_values(decision),
            *(None if value is None or math.isnan(value) else float(value) for value in decision.features),
        )
        assert len(row) == _COLUMN_COUNT  # noqa: S101  # the schema and the row are defined in two places
        return row

    def _label_to_learn(self, label: str | None, timestamp: int) -> bool | None:
        if label is not None:
            return label == FRAUD
        return False if timestamp <= self._genuine_before_ms else None


def _decision_values(decision: Decision) -> Row:
    return (
        decision.score,
        decision.suspicious,
        decision.decided_by,
        decision.rules,
        decision.model,
        [reason.rule_id for reason in decision.reasons],
        list(decision.shadow_rules),
        decision.label_delay_days,
    )


def _text(item: Item, name: str) -> str | None:
    value: str | None = item.get(name, {}).get("S")
    return value


@lru_cache(maxsize=65_536)
def _account_pseudonym(identifier: str) -> str:
    return profile_subject("account", identifier)


@lru_cache(maxsize=65_536)
def _merchant_pseudonym(identifier: str) -> str:
    return profile_subject("merchant", identifier)
