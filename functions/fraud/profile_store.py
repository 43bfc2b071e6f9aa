"""Profiles and decisions in DynamoDB: one request reads both profiles, one writes both and the decision.

The three writes are made together or not at all: so a transaction counts once however often its event comes,
and of two transactions that read the same profile one has to read it again.
"""

from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from msgspec import Struct

from functions.common.domain import decision as decisions
from functions.common.domain.decision import Decision
from functions.common.domain.lists_and_snoozes import Snooze
from functions.common.domain.profiles import AccountProfile, MerchantProfile
from functions.common.domain.transaction_event import TransactionInserted, key_of
from functions.common.dynamodb import profile_items
from functions.common.dynamodb.client import Item, RefusedWriteError, write_all
from functions.common.dynamodb.profile_items import Kept

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# How old what is known of snoozed rules may be: it is read with the profiles, by no request of its own.
_SNOOZES_MS = 30_000
_CONTROL = profile_items.profile_key("control", "rules")
_TRANSACTION = 2


class Known(Struct, frozen=True, kw_only=True):
    """What is known before a transaction is counted. `snoozes` are those of rules, by rule."""

    account: Kept[AccountProfile]
    merchant: Kept[MerchantProfile]
    snoozes: dict[str, Snooze]


class ChangedMeanwhileError(Exception):
    """A profile was changed since it was read; nothing was written."""


class DecidedBeforeError(Exception):
    """The transaction was counted and decided before; nothing was written."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("decided before")
        self.decision = decision


class LabelledBeforeError(Exception):
    """What became known of the transaction came before its decision, and is to be counted with it."""

    def __init__(self, label: str) -> None:
        super().__init__("labelled before")
        self.label = label


class TransactionGoneError(Exception):
    """The transaction is no longer in the table, expired or erased; nothing was written."""


class ProfileStore(Protocol):
    """Keeps profiles and decisions."""

    def read(self, transaction: TransactionInserted, now_ms: int) -> Known:
        """The profiles of the transaction's account and merchant, as they are now."""

    def record(
        self, transaction: TransactionInserted, known: Known, decision: Decision, label: str | None
    ) -> None:
        """Keep both profiles, into which the transaction was counted, and its decision.

        `label`: what was counted of what became known of it before. Raises ChangedMeanwhileError,
        DecidedBeforeError, LabelledBeforeError for another label than that, or TransactionGoneError.
        """


class DynamoDbProfileStore:
    """The tables `transactions` and `profiles`."""

    def __init__(self, client: "DynamoDBClient", transactions: str, profiles: str) -> None:
        self._client = client
        self._transactions = transactions
        self._profiles = profiles
        self._snoozes: dict[str, Snooze] = {}
        self._snoozes_read_at = 0

    def read(self, transaction: TransactionInserted, now_ms: int) -> Known:
        with_control = now_ms - self._snoozes_read_at >= _SNOOZES_MS
        further = [_CONTROL] if with_control else []
        account, merchant, others = profile_items.read_profiles(
            self._client, self._profiles, transaction, *further
        )
        if with_control:
            self._snoozes = _snoozes(others.get("control"))
            self._snoozes_read_at = now_ms
        return Known(account=account, merchant=merchant, snoozes=self._snoozes)

    def record(
        self, transaction: TransactionInserted, known: Known, decision: Decision, label: str | None
    ) -> None:
        now_ms = decision.decided_at
        writes = [
            {"Update": profile_items.update(self._profiles, known.account, now_ms)},
            {"Update": profile_items.update(self._profiles, known.merchant, now_ms)},
            {"Update": self._decide(transaction, decision, label)},
        ]
        try:
            write_all(self._client, writes)
        except RefusedWriteError as refused:
            raise _refusal(refused.held.get(_TRANSACTION)) from refused

    def _decide(
        self, transaction: TransactionInserted, decision: Decision, label: str | None
    ) -> dict[str, Any]:
        """The write of the decision: a MODIFY in the table's stream, which the pipe does not carry on."""
        as_known = [
            # Without the first one, the write would bring back an item that has expired.
            "attribute_exists(transaction_id)",
            "attribute_not_exists(decision)",
            "#label = :label" if label else "attribute_not_exists(#label)",
        ]
        return {
            "TableName": self._transactions,
            "Key": key_of(transaction.transaction_id, transaction.timestamp),
            "UpdateExpression": "SET decision = :decision",
            "ConditionExpression": " AND ".join(as_known),
            "ExpressionAttributeNames": {"#label": "label"},
            "ExpressionAttributeValues": {
                ":decision": {"S": decisions.to_text(decision)},
                **({":label": {"S": label}} if label else {}),
            },
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }


def _refusal(item: Item | None) -> Exception:
    """What it means that nothing was written; `item` is the transaction's, if its condition failed."""
    if item is None:
        return ChangedMeanwhileError()
    if "decision" in item:
        return DecidedBeforeError(decisions.from_text(item["decision"]["S"]))
    if "label" in item:
        return LabelledBeforeError(item["label"]["S"])
    return TransactionGoneError()


def _snoozes(item: Item | None) -> dict[str, Snooze]:
    return msgspec.json.decode(item["snoozes"]["S"], type=dict[str, Snooze]) if item else {}
