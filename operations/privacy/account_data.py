"""Finds everything that the tables hold of one account.

The key of a transaction is its id, and no index leads from an account to its transactions: the whole table is
read once. Everything else has a key that the account's id gives, or one that its transactions give.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from functions.common.domain.origin_profile import TAG_BITS, Origin, build_entry
from functions.common.domain.overrides import ListEntry
from functions.common.dynamodb.client import Item, StoreBusyError, query_items, read_items
from functions.common.dynamodb.profile_items import profile_key, profile_subject
from operations.batches import split_batches
from operations.repair.transaction_reader import scan_pages
from operations.review.audit_trail import AUDIT, LISTS, SNOOZES, AuditEntry
from terminal.aws_errors import translate_aws_errors
from terminal.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The limit of BatchGetItem.
_MAX_KEYS = 100
Progress = Callable[[int], object]
"""Receives the number of items that were read."""


class OriginSlot(NamedTuple):
    """The slot of the account in the item of a device or IP address, with its entry."""

    origin: Origin
    name: str
    entry: bytes

    @property
    def key(self) -> Item:
        """The key of the origin's item."""
        return profile_key(profile_subject(self.origin.kind, self.origin.identifier))


@dataclass(frozen=True, kw_only=True)
class AccountData:
    """The items of one account.

    `account_items`: the profile and the list of suspicious decisions. `registrations`: the account in the
    registries of list entries and snoozes. `audit_entries`: changes of its list entries and snoozes.
    """

    transactions: tuple[Item, ...] = ()
    account_items: tuple[Item, ...] = ()
    registrations: tuple[Item, ...] = ()
    audit_entries: tuple[Item, ...] = ()
    slots: tuple[OriginSlot, ...] = ()

    def counts(self) -> dict[str, int]:
        """The number of items by kind."""
        profile = sum(item["part"]["S"] == "profile" for item in self.account_items)
        return {
            "transactions": len(self.transactions),
            "profile": profile,
            "suspicious_list": len(self.account_items) - profile,
            "lists_and_snoozes": len(self.registrations),
            "audit_entries": len(self.audit_entries),
            "devices_and_addresses": len(self.slots),
        }

    def __bool__(self) -> bool:
        return any(self.counts().values())

    def find_origins(self) -> set[Origin]:
        """The devices and IP addresses of the transactions."""
        return {origin for item in self.transactions for origin in _list_origins(item)}


class AccountFinder:
    """Reads the tables. `segments`: the parts of the table of transactions that are read in parallel."""

    def __init__(
        self,
        client: "DynamoDBClient",
        transactions: str,
        profiles: str,
        segments: int = 1,
        progress: Progress = lambda _: None,
    ) -> None:
        self._client = client
        self._transactions = transactions
        self._profiles = profiles
        self._segments = segments
        self._progress = progress

    def find(self, account_id: str, origins: Iterable[Origin] = ()) -> AccountData:
        """Find the items of an account. Raises UserError.

        `origins`: devices and addresses to look at beside those of the account's transactions.
        """
        try:
            with translate_aws_errors():
                transactions = tuple(self._scan_transactions(account_id))
                found = AccountData(transactions=transactions)
                return AccountData(
                    transactions=transactions,
                    account_items=tuple(self._query(profile_subject("account", account_id))),
                    registrations=tuple(self._read(_registration_keys(account_id))),
                    audit_entries=tuple(self._find_audit_entries(account_id)),
                    slots=tuple(self._find_slots(account_id, found.find_origins().union(origins))),
                )
        except StoreBusyError as error:
            raise UserError("DynamoDB is busy.", "Run the same command again in a minute.") from error

    def _scan_transactions(self, account_id: str) -> Iterator[Item]:
        scan: dict[str, Any] = {
            "TableName": self._transactions,
            "FilterExpression": "account_id = :account",
            "ExpressionAttributeValues": {":account": {"S": account_id}},
            "TotalSegments": self._segments,
        }
        count = 0
        segments = [{**scan, "Segment": segment} for segment in range(self._segments)]
        for page in scan_pages(self._client, segments):
            yield from page["Items"]
            count += page["ScannedCount"]
            self._progress(count)

    def _find_audit_entries(self, account_id: str) -> Iterator[Item]:
        for item in self._query(AUDIT):
            entry = msgspec.json.decode(item["entry"]["S"], type=AuditEntry)
            if (entry.kind, entry.id) == ("account", account_id):
                yield item

    def _find_slots(self, account_id: str, origins: Iterable[Origin]) -> Iterator[OriginSlot]:
        number, entry = build_entry(account_id, 0)
        name, tag = f"{number:02}", entry % (1 << TAG_BITS)
        by_subject = {profile_subject(origin.kind, origin.identifier): origin for origin in origins}
        for item in self._read([profile_key(subject) for subject in by_subject]):
            stored = item[name]["B"] if name in item else b""
            # Another account that shares the slot has another tag.
            if stored and int.from_bytes(stored, "big") % (1 << TAG_BITS) == tag:
                yield OriginSlot(by_subject[item["subject"]["S"]], name, bytes(stored))

    def _query(self, subject: str) -> Iterator[Item]:
        return query_items(
            self._client,
            self._profiles,
            condition="subject = :subject",
            values={":subject": {"S": subject}},
        )

    def _read(self, keys: list[Item]) -> Iterator[Item]:
        for batch in split_batches(keys, _MAX_KEYS):
            yield from read_items(self._client, self._profiles, batch)


def find_block(data: AccountData, now_ms: int) -> ListEntry | None:
    """The entry in force that blocks the account."""
    for item in data.account_items:
        if "listing" in item:
            entry = msgspec.json.decode(item["listing"]["S"], type=ListEntry)
            if entry.list == "block" and entry.until > now_ms:
                return entry
    return None


def _registration_keys(account_id: str) -> list[Item]:
    return [
        profile_key(LISTS, f"block#account#{account_id}"),
        profile_key(LISTS, f"allow#account#{account_id}"),
        profile_key(SNOOZES, f"account#{account_id}"),
    ]


def _list_origins(item: Item) -> Iterator[Origin]:
    """Both, although a transaction with a device does not use its address: a superset misses none."""
    if device := item.get("device_id", {}).get("S"):
        yield Origin("device", device)
    if address := item.get("ip_address", {}).get("S"):
        yield Origin("address", address)
