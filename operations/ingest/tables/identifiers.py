"""IDs of other systems in the form that the API accepts."""

import hashlib
import re
from typing import get_args

from msgspec import Meta

from functions.common.domain.transaction import Identifier

ID_FIELDS = ("transaction_id", "account_id", "merchant_id", "original_transaction_id")

_VALID = re.compile(next(str(part.pattern) for part in get_args(Identifier) if isinstance(part, Meta)))
_INVALID_CHARACTERS = re.compile(r"[^A-Za-z0-9_-]+")
# Both together are shorter than the 64 characters that the API accepts.
_MAX_READABLE = 48
_CHECKSUM_DIGITS = 12


class IdentifierEncoder:
    """Encodes IDs. Different IDs stay different, and an ID has the same form in every file.

    `count` and `example` describe the IDs that were changed, for a note.
    """

    def __init__(self) -> None:
        self.count = 0
        self.example: tuple[str, str] | None = None

    def encode(self, identifier: str) -> str:
        """The ID itself if the API accepts it, else its letters and digits with a checksum."""
        if not identifier or _VALID.match(identifier):
            return identifier
        readable = _INVALID_CHARACTERS.sub("_", identifier)[:_MAX_READABLE]
        encoded = f"{readable}-{hashlib.sha256(identifier.encode()).hexdigest()[:_CHECKSUM_DIGITS]}"
        self.count += 1
        self.example = self.example or (identifier, encoded)
        return encoded

    def describe(self) -> str:
        """A note on the changed IDs; empty if there are none."""
        if self.example is None:
            return ""
        before, after = self.example
        return (
            f"{self.count} ids have characters that the API does not accept: '{before}' is posted as {after}."
        )
