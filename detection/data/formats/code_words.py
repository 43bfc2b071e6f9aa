"""Words of other systems for our codes."""

import re
from collections.abc import Mapping

from detection.data.formats.iso_codes import find_country, find_currency
from functions.common.domain.transaction import PURCHASE, REFUND

_CHANNELS: Mapping[str, str] = {
    "card_present": "cardpresent contactless pos pointofsale chip chiptransaction swipe swipetransaction"
    " instore store retail cp",
    "ecommerce": "ecommerce ecom online onlinetransaction internet web website mobile app cardnotpresent cnp",
    "atm": "atm cash cashwithdrawal withdrawal",
    "transfer": "transfer banktransfer wire wiretransfer sepa ach p2p",
}
_TYPES: Mapping[str, str] = {PURCHASE: "purchase sale", REFUND: "refund return"}
_CODES: Mapping[str, Mapping[str, str]] = {
    name: {word: code for code, words in synonyms.items() for word in words.split()}
    for name, synonyms in (("channel", _CHANNELS), ("type", _TYPES))
}


def find_code(field: str, text: str) -> str:
    """The code of a text in a field, whatever its case, blanks and marks; empty if it is unknown.

    >>> find_code("channel", "Card Present")
    'card_present'
    """
    if field == "country":
        return find_country(text)
    if field == "currency":
        return find_currency(text)
    return _CODES.get(field, {}).get(normalize_word(text), "")


def normalize_word(text: str) -> str:
    """The text in lower case, without blanks and marks."""
    return re.sub(r"[^a-z0-9]", "", text.lower())
