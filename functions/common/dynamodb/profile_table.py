"""Reads profiles from the table `profiles`."""

from typing import TYPE_CHECKING, NamedTuple

from functions.common.domain.profiles import AccountProfile, MerchantProfile
from functions.common.domain.transaction_event import TransactionInserted
from functions.common.dynamodb import profile_items
from functions.common.dynamodb.client import Item, read_all
from functions.common.dynamodb.profile_items import Kept

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
