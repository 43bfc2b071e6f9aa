"""A profile as an item of the table `profiles`: its key, its state in bytes, and what people said of it.

The key is a pseudonym: the table holds the id of an account only where a person put it on a list. How one is
written is said once, for the fraud function, which counts transactions, and for labels, which counts frauds.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from functions.common.domain.lists_and_snoozes import Kind, Listing, Snooze
from functions.common.domain.profiles import AccountProfile, MerchantProfile
from functions.common.domain.transaction_event import TransactionInserted
from functions.common.dynamodb.client import Item, read_all

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


PART = "profile"
FORMAT = 1
# Longer than any window that a feature looks at.
KEPT_SECONDS = 120 * 86_400
Migrations = Mapping[tuple[type, int], Callable[[list[Any]], list[Any]]]
"""For a kind of profile and a format, how its state (as plain lists) comes to be of the next format."""

# A field added at the end of a struct needs none: what older items lack has its default.
MIGRATIONS: Migrations = {}

P = TypeVar("P", AccountProfile, MerchantProfile)


class ProfileFormatError(ValueError):
    """The item was written by a newer version of the code than this one, which cannot read it."""


class Alerts(Struct, frozen=True, array_like=True):
    """An account's latest window of alerts, and the one before: when it began (epoch ms), how many it had."""

    since: int = 0
    count: int = 0
    earlier_since: int = 0
    earlier_count: int = 0


class Kept(Struct, Generic[P], kw_only=True):
    """A profile as it was read; `version` 0 is one that is not kept yet."""

    subject: str
    profile: P
    version: int = 0
    listing: Listing | None = None
    snooze: Snooze | None = None
    alerts: Alerts = Alerts()


def profile_subject(kind: Kind, identifier: str) -> str:
    """The pseudonym of an account or merchant."""
    return f"{kind}#{hashlib.sha256(f'{kind}#{identifier}'.encode()).hexdigest()[:40]}"


def profile_key(of_subject: str, part: str = PART) -> dict[str, Any]:
    """The item's key as DynamoDB takes it."""
    return {"subject": {"S": of_subject}, "part": {"S": part}}


def read_account(identifier: str, item: Item | None) -> Kept[AccountProfile]:
    """The account's profile from its item, or an empty one. Raises ProfileFormatError."""
    return _kept(profile_subject("account", identifier), item, AccountProfile)


def read_merchant(identifier: str, item: Item | None) -> Kept[MerchantProfile]:
    """The merchant's profile from its item, or an empty one. Raises ProfileFormatError."""
    return _kept(profile_subject("merchant", identifier), item, MerchantProfile)


def update(table: str, kept: Kept[P], now_ms: int) -> dict[str, Any]:
    """The write of a changed profile, for a transaction; it fails if it was written since it was read."""
    ends = [said.until // 1000 for said in (kept.listing, kept.snooze) if said is not None]
    values = {
        ":state": {"B": msgspec.msgpack.encode(kept.profile)},
        ":format": {"N": str(FORMAT)},
        ":alerts": {"B": msgspec.msgpack.encode(kept.alerts)},
        ":expires": {"N": str(max(now_ms // 1000 + KEPT_SECONDS, *ends, 0))},
        ":next": {"N": str(kept.version + 1)},
        **({":version": {"N": str(kept.version)}} if kept.version else {}),
    }
    return {
        "TableName": table,
        "Key": profile_key(kept.subject),
        "UpdateExpression": "SET #state = :state, #format = :format, alerts = :alerts, expires_at = :expires,"
        " #version = :next",
        "ConditionExpression": "#version = :version" if kept.version else "attribute_not_exists(#version)",
        "ExpressionAttributeNames": {"#state": "state", "#format": "format", "#version": "version"},
        "ExpressionAttributeValues": values,
    }


def alerts_of(item: Item | None) -> Alerts:
    """The windows of alerts in an account's item."""
    return msgspec.msgpack.decode(item["alerts"]["B"], type=Alerts) if item and "alerts" in item else Alerts()


def _kept(of_subject: str, item: Item | None, model: type[P]) -> Kept[P]:
    if not item:
        return Kept(subject=of_subject, profile=model())
    return Kept(
        subject=of_subject,
        profile=_profile(item, model),
        version=int(item["version"]["N"]),
        listing=_said(item, "listing", Listing),
        snooze=_said(item, "snooze", Snooze),
        alerts=alerts_of(item),
    )


def _profile(item: Item, model: type[P]) -> P:
    # An item that a list made first has no state yet.
    if "state" not in item:
        return model()
    return decode(item["state"]["B"], int(item["format"]["N"]), model)


def decode(
    state: bytes,
    written_as: int,
    model: type[P],
    *,
    current: int = FORMAT,
    migrations: Migrations = MIGRATIONS,
) -> P:
    """The profile in `state`, brought from the format that it was written in to the current one.

    Raises ProfileFormatError.
    """
    if written_as > current:
        raise ProfileFormatError(f"a profile has format {written_as}, and this code knows up to {current}")
    if written_as == current:
        return msgspec.msgpack.decode(state, type=model)
    plain = msgspec.msgpack.decode(state)
    for number in range(written_as, current):
        plain = migrations[model, number](plain)
    return msgspec.convert(plain, model)


S = TypeVar("S", Listing, Snooze)


def _said(item: Item, attribute: str, model: type[S]) -> S | None:
    return msgspec.json.decode(item[attribute]["S"], type=model) if attribute in item else None


class Profiles(NamedTuple):
    """Those of a transaction's account and merchant, and what else was asked for, by its subject."""

    account: Kept[AccountProfile]
    merchant: Kept[MerchantProfile]
    further: dict[str, Item]


def read_profiles(
    client: "DynamoDBClient", table: str, transaction: TransactionInserted, *further: Item
) -> Profiles:
    """The profiles as they are now, with the items of `further` keys, in one request.

    Raises StoreBusyError, ClientError or ProfileFormatError.
    """
    account = profile_subject("account", transaction.account_id)
    merchant = profile_subject("merchant", transaction.merchant_id)
    keys = [profile_key(account), profile_key(merchant), *further]
    items = {item["subject"]["S"]: item for item in read_all(client, table, keys)}
    return Profiles(
        read_account(transaction.account_id, items.pop(account, None)),
        read_merchant(transaction.merchant_id, items.pop(merchant, None)),
        items,
    )
