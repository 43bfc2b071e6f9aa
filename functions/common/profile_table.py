"""Reads profiles from the table `profiles`."""

from typing import TYPE_CHECKING, NamedTuple

from functions.common import profile_items
from functions.common.dynamodb import Item, read_all
from functions.common.event import TransactionInserted
from functions.common.profile_items import Kept
from functions.common.profiles import AccountProfile, MerchantProfile

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Profiles(NamedTuple):
    """Those of a transaction's account and merchant, and what else was asked for, by its subject."""

    account: Kept[AccountProfile]
    merchant: Kept[MerchantProfile]
    further: dict[str, Item]


def read(client: "DynamoDBClient", table: str, transaction: TransactionInserted, *further: Item) -> Profiles:
    """The profiles as they are now, with the items of `further` keys, in one request.

    Raises StoreBusyError, ClientError or ProfileFormatError.
    """
    account = profile_items.subject("account", transaction.account_id)
    merchant = profile_items.subject("merchant", transaction.merchant_id)
    keys = [profile_items.key(account), profile_items.key(merchant), *further]
    items = {item["subject"]["S"]: item for item in read_all(client, table, keys)}
    return Profiles(
        profile_items.account(transaction.account_id, items.pop(account, None)),
        profile_items.merchant(transaction.merchant_id, items.pop(merchant, None)),
        items,
    )
