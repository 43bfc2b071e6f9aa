"""Erases the items of one account from the tables.

Each write can be repeated, and a transaction is replaced in one step. A guard item stays as a tombstone until
its retention ends, so that a client that posts the transaction again does not store it again. Events and
messages that are under way find no transaction, and then record nothing.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from functions.common.domain.transaction_event import GUARD_TIMESTAMP, transaction_key
from functions.common.dynamodb.client import (
    Item,
    RefusedWriteError,
    StoreBusyError,
    update_item,
    write_items,
    write_update,
)
from operations.batches import split_batches
from operations.privacy.account_data import AccountData, OriginSlot
from operations.privacy.pseudonyms import Pseudonyms
from operations.privacy.retained_decisions import build_retained_item, is_retained
from operations.review.audit_trail import AuditEntry
from terminal.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A transaction is up to three writes, and DynamoDB accepts 100 in one request.
_GROUP_SIZE = 33
_MAX_WRITES = 100
# The time of a guard item that belongs to no transaction. No transaction has it, and 0 is that of the guard.
ERASED_TIMESTAMP = 1


class AccountEraser:
    """Writes to the tables `transactions` and `profiles`. `counts`: the erased items by kind, so far.

    A write that another one prevents is left out: the caller looks again.
    """

    def __init__(
        self, client: "DynamoDBClient", transactions: str, profiles: str, pseudonyms: Pseudonyms
    ) -> None:
        self._client = client
        self._transactions = transactions
        self._profiles = profiles
        self._pseudonyms = pseudonyms
        self.counts = Counter[str]()

    def erase(self, data: AccountData, now_ms: int) -> None:
        """Erase the items. Raises UserError.

        Devices and addresses are erased first: only the transactions lead to them.
        """
        with translate_aws_errors():
            for slot in data.slots:
                self._clear_slot(slot)
            for group in split_batches(data.transactions, _GROUP_SIZE):
                self._replace_transactions(group, now_ms)
            self._delete("profile_items", data.account_items)
            self._delete("lists_and_snoozes", data.registrations)
            for item in data.audit_entries:
                self._pseudonymize(item)

    def _clear_slot(self, slot: OriginSlot) -> None:
        try:
            write_update(
                self._client,
                {
                    "TableName": self._profiles,
                    "Key": slot.key,
                    "UpdateExpression": "REMOVE #slot",
                    # A later use, by an event that is under way, is found by the next look.
                    "ConditionExpression": "#slot = :entry",
                    "ExpressionAttributeNames": {"#slot": slot.name},
                    "ExpressionAttributeValues": {":entry": {"B": slot.entry}},
                },
            )
        except (RefusedWriteError, StoreBusyError):
            return
        self.counts["devices_and_addresses"] += 1

    def _replace_transactions(self, items: Sequence[Item], now_ms: int) -> None:
        try:
            write_items(self._client, [write for item in items for write in self._plan(item, now_ms)])
        except (RefusedWriteError, StoreBusyError):
            # One of them changed. The others need not wait for the next look.
            if len(items) > 1:
                for item in items:
                    self._replace_transactions([item], now_ms)
            return
        retained = sum(map(is_retained, items))
        self.counts["retained_decisions"] += retained
        self.counts["transactions"] += len(items)

    def _plan(self, item: Item, now_ms: int) -> Iterator[dict[str, Any]]:
        identifier, timestamp = item["transaction_id"]["S"], int(item["timestamp"]["N"])
        conditions, values = ["attribute_exists(transaction_id)"], dict[str, Any]()
        for name in ("decision", "label"):
            # A decision that is recorded meanwhile may have to be retained.
            conditions.append(f"#{name} = :{name}" if name in item else f"attribute_not_exists(#{name})")
            values |= {f":{name}": item[name]} if name in item else {}
        delete = {
            "TableName": self._transactions,
            "Key": transaction_key(identifier, timestamp),
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": {"#decision": "decision", "#label": "label"},
            **({"ExpressionAttributeValues": values} if values else {}),
        }
        yield {"Delete": delete}
        yield {
            "Update": {
                "TableName": self._transactions,
                "Key": transaction_key(identifier, GUARD_TIMESTAMP),
                "UpdateExpression": "SET claimed_timestamp = :erased, erased_at = :now,"
                " expires_at = if_not_exists(expires_at, :expires) REMOVE fingerprint",
                "ExpressionAttributeValues": {
                    ":erased": {"N": str(ERASED_TIMESTAMP)},
                    ":now": {"N": str(now_ms)},
                    ":expires": item["expires_at"],
                },
            }
        }
        if is_retained(item):
            retained = build_retained_item(item, self._pseudonyms, now_ms)
            yield {"Put": {"TableName": self._transactions, "Item": retained}}

    def _delete(self, kind: str, items: Sequence[Item]) -> None:
        for batch in split_batches(items, _MAX_WRITES):
            keys = [{name: item[name] for name in ("subject", "part")} for item in batch]
            try:
                write_items(
                    self._client,
                    [{"Delete": {"TableName": self._profiles, "Key": key}} for key in keys],
                )
            except (RefusedWriteError, StoreBusyError):
                continue
            self.counts[kind] += len(batch)

    def _pseudonymize(self, item: Item) -> None:
        """Replace the account in an audit entry. The author and the kind of change remain."""
        entry = msgspec.json.decode(item["entry"]["S"], type=AuditEntry)
        pseudonym = self._pseudonyms.make("account", entry.id)
        stripped = msgspec.structs.replace(
            entry,
            id=pseudonym,
            reason="",
            before=_strip(entry.before, pseudonym),
            after=_strip(entry.after, pseudonym),
        )
        try:
            update_item(
                self._client,
                self._profiles,
                {name: item[name] for name in ("subject", "part")},
                update="SET entry = :stripped",
                condition="entry = :before",
                values={
                    ":stripped": {"S": msgspec.json.encode(stripped).decode()},
                    ":before": item["entry"],
                },
            )
        except (RefusedWriteError, StoreBusyError):
            return
        self.counts["audit_entries"] += 1


def _strip(override: dict[str, Any], pseudonym: str) -> dict[str, Any]:
    return {**override, "id": pseudonym, "reason": ""} if override else {}
