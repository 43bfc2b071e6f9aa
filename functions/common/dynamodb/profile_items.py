"""Items of the table `profiles`: keys, encoding and writes of profiles.

The key is a pseudonym: the table contains the ID of an account or merchant only in a list entry or a snooze.
The fraud function counts transactions in these items; the labels function counts frauds.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from functions.common.domain.overrides import ListEntry, ProfileKind, Snooze
from functions.common.domain.profile_record import AlertHistory, P, ProfileRecord
from functions.common.domain.profiles import AccountProfile, MerchantProfile
from functions.common.domain.transaction_event import TransactionInserted
from functions.common.dynamodb.client import Item, read_items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PROFILE_PART = "profile"
PROFILE_FORMAT = 1
# Longer than the longest window of any feature.
RETENTION_SECONDS = 120 * 86_400
Migrations = Mapping[tuple[type, int], Callable[[list[Any]], list[Any]]]
"""The conversions of a state, as plain lists, to the next format, by profile type and format."""

# A field added at the end of a struct needs no migration: older items get its default value.
MIGRATIONS: Migrations = {}

Override = TypeVar("Override", ListEntry, Snooze)


class ProfileFormatError(ValueError):
    """A newer version of the code wrote the item, in a format that this version cannot read."""


class ProfilePair(NamedTuple):
    """The profiles of a transaction's account and merchant, and further items that were read, by subject."""

    account: ProfileRecord[AccountProfile]
    merchant: ProfileRecord[MerchantProfile]
    further: dict[str, Item]


def profile_subject(kind: ProfileKind, identifier: str) -> str:
    """The pseudonym of an account or merchant."""
    return f"{kind}#{hashlib.sha256(f'{kind}#{identifier}'.encode()).hexdigest()[:40]}"


def profile_key(subject: str, part: str = PROFILE_PART) -> dict[str, Any]:
    """The DynamoDB key of an item."""
    return {"subject": {"S": subject}, "part": {"S": part}}


def read_profiles(
    client: "DynamoDBClient", table: str, transaction: TransactionInserted, *further: Item
) -> ProfilePair:
    """Read both profiles of a transaction, and the items with the `further` keys, in one request.

    Raises StoreBusyError, ClientError or ProfileFormatError.
    """
    account = profile_subject("account", transaction.account_id)
    merchant = profile_subject("merchant", transaction.merchant_id)
    keys = [profile_key(account), profile_key(merchant), *further]
    items = {item["subject"]["S"]: item for item in read_items(client, table, keys)}
    return ProfilePair(
        decode_account(transaction.account_id, items.pop(account, None)),
        decode_merchant(transaction.merchant_id, items.pop(merchant, None)),
        items,
    )


def build_update(table: str, record: ProfileRecord[P], now_ms: int) -> dict[str, Any]:
    """The update of a profile, for a transactional write. It fails if the item changed since it was read."""
    overrides = (record.list_entry, record.snooze)
    expirations = [override.until // 1000 for override in overrides if override is not None]
    values = {
        ":state": {"B": msgspec.msgpack.encode(record.profile)},
        ":format": {"N": str(PROFILE_FORMAT)},
        ":alerts": {"B": msgspec.msgpack.encode(record.alert_history)},
        ":expires": {"N": str(max(now_ms // 1000 + RETENTION_SECONDS, *expirations, 0))},
        ":next": {"N": str(record.version + 1)},
        **({":version": {"N": str(record.version)}} if record.version else {}),
    }
    return {
        "TableName": table,
        "Key": profile_key(record.subject),
        "UpdateExpression": "SET #state = :state, #format = :format, alerts = :alerts, expires_at = :expires,"
        " #version = :next",
        "ConditionExpression": "#version = :version" if record.version else "attribute_not_exists(#version)",
        "ExpressionAttributeNames": {"#state": "state", "#format": "format", "#version": "version"},
        "ExpressionAttributeValues": values,
    }


def decode_account(identifier: str, item: Item | None) -> ProfileRecord[AccountProfile]:
    """The account's profile in its item, or an empty profile. Raises ProfileFormatError."""
    return _decode_record(profile_subject("account", identifier), item, AccountProfile)


def decode_merchant(identifier: str, item: Item | None) -> ProfileRecord[MerchantProfile]:
    """The merchant's profile in its item, or an empty profile. Raises ProfileFormatError."""
    return _decode_record(profile_subject("merchant", identifier), item, MerchantProfile)


def decode_alert_history(item: Item | None) -> AlertHistory:
    """The alert history in an account's item."""
    if not item or "alerts" not in item:
        return AlertHistory()
    return msgspec.msgpack.decode(item["alerts"]["B"], type=AlertHistory)


def decode_profile(
    state: bytes,
    state_format: int,
    model: type[P],
    *,
    current: int = PROFILE_FORMAT,
    migrations: Migrations = MIGRATIONS,
) -> P:
    """The profile in `state`, migrated from `state_format` to the current format.

    Raises ProfileFormatError.
    """
    if state_format > current:
        raise ProfileFormatError(
            f"profile format {state_format} is newer than the supported format {current}; deploy newer code"
        )
    if state_format == current:
        return msgspec.msgpack.decode(state, type=model)
    fields = msgspec.msgpack.decode(state)
    for number in range(state_format, current):
        fields = migrations[model, number](fields)
    return msgspec.convert(fields, model)


def _decode_record(subject: str, item: Item | None, model: type[P]) -> ProfileRecord[P]:
    if not item:
        return ProfileRecord(subject=subject, profile=model())
    # An item that a list entry created has no state yet.
    has_state = "state" in item
    return ProfileRecord(
        subject=subject,
        profile=decode_profile(item["state"]["B"], int(item["format"]["N"]), model) if has_state else model(),
        version=int(item["version"]["N"]),
        list_entry=_decode_override(item, "listing", ListEntry),
        snooze=_decode_override(item, "snooze", Snooze),
        alert_history=decode_alert_history(item),
    )


def _decode_override(item: Item, attribute: str, model: type[Override]) -> Override | None:
    return msgspec.json.decode(item[attribute]["S"], type=model) if attribute in item else None
