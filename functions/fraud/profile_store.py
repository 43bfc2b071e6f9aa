"""The profile store: profiles and decisions in DynamoDB.

One request reads both profiles of a transaction. One transactional write stores both profiles and the
decision. A transaction is therefore counted once, however often its event is delivered. If two transactions
read the same profile, only one of them is written; the other one reads again.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from functions.common.domain.decision import Decision, decode_decision, encode_decision
from functions.common.domain.overrides import Snooze
from functions.common.domain.transaction_event import TransactionInserted, transaction_key
from functions.common.dynamodb.client import Item, RefusedWriteError, TransactionNotFoundError, write_items
from functions.common.dynamodb.profile_items import build_update, profile_key, read_profiles
from functions.fraud.scoring.decider import DecisionContext

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Snoozes of rules are read at most this often, in the same request as the profiles.
_SNOOZE_CACHE_MS = 30_000
_CONTROL_KEY = profile_key("control", "rules")
_TRANSACTION_POSITION = 2


class ProfileChangedError(Exception):
    """A profile changed since it was read. Nothing was written."""


class AlreadyDecidedError(Exception):
    """The transaction was already counted and decided. Nothing was written."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("the transaction is already decided")
        self.decision = decision


class AlreadyLabeledError(Exception):
    """The transaction got a label before its decision. The label must be counted with the decision."""

    def __init__(self, label: str) -> None:
        super().__init__("the transaction is already labeled")
        self.label = label


class ProfileStore:
    """Reads and writes the tables `transactions` and `profiles`."""

    def __init__(self, client: "DynamoDBClient", transactions: str, profiles: str) -> None:
        self._client = client
        self._transactions = transactions
        self._profiles = profiles
        self._rule_snoozes: dict[str, Snooze] = {}
        self._snoozes_read_at = 0

    def read(self, transaction: TransactionInserted, now_ms: int) -> DecisionContext:
        """Read the profiles of the transaction's account and merchant, and the snoozes of rules."""
        is_stale = now_ms - self._snoozes_read_at >= _SNOOZE_CACHE_MS
        further = [_CONTROL_KEY] if is_stale else []
        account, merchant, items = read_profiles(self._client, self._profiles, transaction, *further)
        if is_stale:
            self._rule_snoozes = _decode_snoozes(items.get("control"))
            self._snoozes_read_at = now_ms
        return DecisionContext(account=account, merchant=merchant, rule_snoozes=self._rule_snoozes)

    def record(
        self,
        transaction: TransactionInserted,
        context: DecisionContext,
        decision: Decision,
        label: str | None,
    ) -> None:
        """Write both profiles, in which the transaction is counted, and its decision.

        `label` is the label that is counted with the decision, if any. Raises ProfileChangedError,
        AlreadyDecidedError, AlreadyLabeledError for a different label, or TransactionNotFoundError.
        """
        now_ms = decision.decided_at
        writes = [
            {"Update": build_update(self._profiles, context.account, now_ms)},
            {"Update": build_update(self._profiles, context.merchant, now_ms)},
            {"Update": self._build_decision_update(transaction, decision, label)},
        ]
        try:
            write_items(self._client, writes)
        except RefusedWriteError as refused:
            raise _translate_refusal(refused.existing_items.get(_TRANSACTION_POSITION)) from refused

    def _build_decision_update(
        self, transaction: TransactionInserted, decision: Decision, label: str | None
    ) -> dict[str, Any]:
        """The update that stores the decision: a MODIFY in the table's stream, which the pipe ignores."""
        conditions = [
            # Without this condition, the update would create an item for an expired transaction.
            "attribute_exists(transaction_id)",
            "attribute_not_exists(decision)",
            "#label = :label" if label else "attribute_not_exists(#label)",
        ]
        return {
            "TableName": self._transactions,
            "Key": transaction_key(transaction.transaction_id, transaction.timestamp),
            "UpdateExpression": "SET decision = :decision",
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": {"#label": "label"},
            "ExpressionAttributeValues": {
                ":decision": {"S": encode_decision(decision)},
                **({":label": {"S": label}} if label else {}),
            },
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }


def _translate_refusal(item: Item | None) -> Exception:
    """The error for a refused write. `item` is the transaction's item, if its condition failed."""
    if item is None:
        return ProfileChangedError()
    if "decision" in item:
        return AlreadyDecidedError(decode_decision(item["decision"]["S"]))
    if "label" in item:
        return AlreadyLabeledError(item["label"]["S"])
    return TransactionNotFoundError()


def _decode_snoozes(item: Item | None) -> dict[str, Snooze]:
    return msgspec.json.decode(item["snoozes"]["S"], type=dict[str, Snooze]) if item else {}
