"""Pseudonyms of erased accounts: keyed hashes, which only a reader of the key can connect with an id.

The key is 32 random bytes in an item of the table `profiles`. Retained decisions are in the other table, with
another encryption key. To make every pseudonym anonymous, delete the item.
"""

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from functions.common.dynamodb.client import RefusedWriteError, StoreBusyError, put_item, read_item
from functions.common.dynamodb.profile_items import profile_key
from terminal.aws_errors import translate_aws_errors
from terminal.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY_ITEM = profile_key("control", "pseudonym-key")
_KEY_BYTES = 32
_HEX_DIGITS = 40


class Pseudonyms:
    """Makes pseudonyms with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, kind: str, identifier: str) -> str:
        """The pseudonym of an id. `kind` separates equal ids of different kinds."""
        text = f"{kind}#{identifier}".encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:_HEX_DIGITS]


def open_pseudonyms(client: "DynamoDBClient", profiles: str) -> Pseudonyms:
    """Read the key of the environment, or create it. Raises UserError."""
    try:
        with translate_aws_errors():
            item = read_item(client, profiles, KEY_ITEM)
            if item is None:
                item = {**KEY_ITEM, "secret": {"B": secrets.token_bytes(_KEY_BYTES)}}
                try:
                    put_item(client, profiles, item, condition="attribute_not_exists(subject)")
                except RefusedWriteError as refused:
                    # Another erasure created it meanwhile.
                    item = refused.existing_items[0]
            return Pseudonyms(bytes(item["secret"]["B"]))
    except StoreBusyError as error:
        raise UserError("DynamoDB is busy.", "Run the same command again in a minute.") from error
