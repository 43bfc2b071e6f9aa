"""Items of the table `profiles`: keys, encoding and writes of profiles.

The key is a pseudonym: the table contains the ID of an account or merchant only in a list entry or a snooze.
The functions `fraud` and `merchants` count transactions in these items; the labels function counts frauds.

An account's item has a state and a history, a merchant's a state and the latest activity, a merchant
category's a state. History and activity have a format number in their first byte, and an item of an older
version has neither.
"""

import hashlib
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.categories import normalize_category
from functions.common.domain.merchant_profile import CategoryProfile, MerchantProfile
from functions.common.domain.origin_profile import OriginKind
from functions.common.domain.overrides import ListEntry, ProfileKind, Snooze
from functions.common.domain.profile_record import AlertHistory, P, ProfileRecord
from functions.common.domain.transaction_event import StoredTransaction
from functions.common.dynamodb import account_history, account_state, category_state, merchant_state
from functions.common.dynamodb.client import Item, read_items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PROFILE_PART = "profile"
# Longer than the longest window of any feature.
RETENTION_SECONDS = 120 * 86_400


class StateFormat(NamedTuple):
    """The functions that encode and decode the state of a profile in one format."""

    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


# The formats that this version reads, by number. A state contains no more than its format says: a new field
# is a new attribute of the item, which older versions leave as it is, or a new format.
ACCOUNT_FORMATS: Mapping[int, StateFormat] = {
    1: StateFormat(account_state.encode_format_1, account_state.decode_format_1),
    2: StateFormat(account_state.encode, account_state.decode),
}
MERCHANT_FORMATS: Mapping[int, StateFormat] = {
    1: StateFormat(merchant_state.encode_format_1, merchant_state.decode_format_1),
    2: StateFormat(merchant_state.encode, merchant_state.decode),
}
CATEGORY_FORMATS: Mapping[int, StateFormat] = {1: StateFormat(category_state.encode, category_state.decode)}
_FORMATS: Mapping[type[Struct], Mapping[int, StateFormat]] = {
    AccountProfile: ACCOUNT_FORMATS,
    MerchantProfile: MERCHANT_FORMATS,
    CategoryProfile: CATEGORY_FORMATS,
}
# The formats that this version writes. A release reads a new format before the next one writes it, so that
# each release can be rolled back.
ACCOUNT_FORMAT = 2
MERCHANT_FORMAT = 2
CATEGORY_FORMAT = 1

SubjectKind = ProfileKind | OriginKind | Literal["category"]
AnyProfileRecord = (
    ProfileRecord[AccountProfile] | ProfileRecord[MerchantProfile] | ProfileRecord[CategoryProfile]
)
Override = TypeVar("Override", ListEntry, Snooze)


class ProfileFormatError(ValueError):
    """A newer version of the code wrote the item, in a format that this version cannot read."""


def profile_subject(kind: SubjectKind, identifier: str) -> str:
    """The pseudonym of an account, a merchant, a normalized merchant category or an origin."""
    return f"{kind}#{hashlib.sha256(f'{kind}#{identifier}'.encode()).hexdigest()[:40]}"


def profile_key(subject: str, part: str = PROFILE_PART) -> dict[str, Any]:
    """The DynamoDB key of an item."""
    return {"subject": {"S": subject}, "part": {"S": part}}


def read_profiles(
    client: "DynamoDBClient", table: str, transaction: StoredTransaction
) -> tuple[
    ProfileRecord[AccountProfile], ProfileRecord[MerchantProfile], ProfileRecord[CategoryProfile] | None
]:
    """Read the profiles of a transaction's account, merchant and category, if any, in one request.

    Raises StoreBusyError, ClientError or ProfileFormatError.
    """
    account = profile_subject("account", transaction.account_id)
    merchant = profile_subject("merchant", transaction.merchant_id)
    category = normalize_category(transaction.merchant_category)
    subjects = [account, merchant]
    if category is not None:
        subjects.append(profile_subject("category", category))
    found = read_items(client, table, list(map(profile_key, subjects)))
    items = {item["subject"]["S"]: item for item in found}
    return (
        decode_account(transaction.account_id, items.get(account)),
        decode_merchant(transaction.merchant_id, items.get(merchant)),
        None if category is None else decode_category(category, items.get(subjects[-1])),
    )


def build_update(
    table: str, record: AnyProfileRecord, now_ms: int, further: Item = MappingProxyType({})
) -> dict[str, Any]:
    """The update of a profile, alone or in a transactional write. `further`: other attributes to set.

    It fails if the item changed since it was read, and then returns an account's item. It leaves all other
    attributes as they are.
    """
    overrides = (record.list_entry, record.snooze)
    expirations = [override.until // 1000 for override in overrides if override is not None]
    state_format, state = encode_profile(record.profile)
    attributes = {
        "state": {"B": state},
        "format": {"N": str(state_format)},
        "expires_at": {"N": str(max(now_ms // 1000 + RETENTION_SECONDS, *expirations, 0))},
        "version": {"N": str(record.version + 1)},
        **further,
    }
    is_account = False
    if isinstance(record.profile, AccountProfile):
        is_account = True
        attributes["alerts"] = {"B": msgspec.msgpack.encode(record.alert_history)}
        attributes["history"] = {"B": account_history.encode_history(record.profile)}
    elif isinstance(record.profile, MerchantProfile):
        attributes["activity"] = {"B": merchant_state.encode_activity(record.profile.activity)}
    values = {f":{name}": value for name, value in attributes.items()}
    if record.version:
        values[":previous"] = {"N": str(record.version)}
    return {
        "TableName": table,
        "Key": profile_key(record.subject),
        "UpdateExpression": f"SET {', '.join(f'#{name} = :{name}' for name in attributes)}",
        "ConditionExpression": "#version = :previous" if record.version else "attribute_not_exists(#version)",
        "ExpressionAttributeNames": {f"#{name}": name for name in attributes},
        "ExpressionAttributeValues": values,
        **({"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if is_account else {}),
    }


def encode_profile(profile: AccountProfile | MerchantProfile | CategoryProfile) -> tuple[int, bytes]:
    """The format that this version writes, and the state in it."""
    if isinstance(profile, AccountProfile):
        return ACCOUNT_FORMAT, ACCOUNT_FORMATS[ACCOUNT_FORMAT].encode(profile)
    if isinstance(profile, CategoryProfile):
        return CATEGORY_FORMAT, CATEGORY_FORMATS[CATEGORY_FORMAT].encode(profile)
    return MERCHANT_FORMAT, MERCHANT_FORMATS[MERCHANT_FORMAT].encode(profile)


def decode_account(identifier: str, item: Item | None) -> ProfileRecord[AccountProfile]:
    """The account's profile in its item, or an empty profile. Raises ProfileFormatError."""
    record = _decode_record(profile_subject("account", identifier), item, AccountProfile)
    if item and "history" in item:
        with _translate_format_error("history"):
            account_history.decode_history(item["history"]["B"], record.profile)
    return record


def decode_merchant(identifier: str, item: Item | None) -> ProfileRecord[MerchantProfile]:
    """The merchant's profile in its item, or an empty profile. Raises ProfileFormatError."""
    record = _decode_record(profile_subject("merchant", identifier), item, MerchantProfile)
    if item and "activity" in item:
        with _translate_format_error("activity"):
            record.profile.activity = merchant_state.decode_activity(item["activity"]["B"])
    return record


def decode_category(category: str, item: Item | None) -> ProfileRecord[CategoryProfile]:
    """The profile of a normalized category in its item, or an empty one. Raises ProfileFormatError."""
    return _decode_record(profile_subject("category", category), item, CategoryProfile)


def decode_alert_history(item: Item | None) -> AlertHistory:
    """The alert history in an account's item. Raises ProfileFormatError."""
    if not item or "alerts" not in item:
        return AlertHistory()
    try:
        return msgspec.msgpack.decode(item["alerts"]["B"], type=AlertHistory)
    except msgspec.DecodeError as error:
        raise ProfileFormatError("the alerts are not in a known format; deploy newer code") from error


def decode_profile(state: bytes, state_format: int, model: type[P]) -> P:
    """The profile in `state`. Raises ProfileFormatError."""
    formats = _FORMATS[model]
    if state_format not in formats:
        raise ProfileFormatError(
            f"profile format {state_format} is not one of {', '.join(map(str, formats))}; deploy newer code"
        )
    try:
        profile: P = formats[state_format].decode(state)
    except (ValueError, TypeError, IndexError) as error:
        raise ProfileFormatError(f"the state is not in profile format {state_format}") from error
    return profile


@contextmanager
def _translate_format_error(attribute: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, struct.error) as error:
        raise ProfileFormatError(f"the {attribute} is not in a known format; deploy newer code") from error


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
