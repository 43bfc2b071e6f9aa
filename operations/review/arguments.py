"""Validation of the arguments of review tasks. Errors repeat no card number."""

import re
from collections.abc import Iterable
from typing import Literal, TypeVar, get_args

import msgspec
from msgspec import Meta

from functions.common.domain.card_numbers import CARD_NUMBER_ERROR, contains_card_number, mask_card_numbers
from functions.common.domain.overrides import ListName, ProfileKind
from functions.common.domain.transaction import Identifier
from terminal.errors import UserError

SnoozeKind = Literal["account", "rule"]
# Reasons are part of SQS messages, which must not contain control characters or lone surrogates.
MAX_REASON_LENGTH = 200
_UNSENDABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

LISTS: tuple[ListName, ...] = get_args(ListName)
KINDS: tuple[ProfileKind, ...] = get_args(ProfileKind)
SNOOZE_KINDS: tuple[SnoozeKind, ...] = get_args(SnoozeKind)

T = TypeVar("T", bound=str)


def read_choice(argument: str, typed: str, choices: tuple[T, ...]) -> T:
    """Return the choice that equals `typed`. Raises UserError."""
    for choice in choices:
        if choice == typed:
            return choice
    raise UserError(f"The {argument} {_quote(typed)} does not exist.", f"Use {' or '.join(choices)}.")


def read_identifier(kind: str, typed: str) -> str:
    """Validate the id of a transaction, account or merchant by the API's rules. Raises UserError."""
    try:
        return str(msgspec.convert(typed, Identifier))
    except msgspec.ValidationError:
        format_ = next(part.description for part in Identifier.__metadata__ if isinstance(part, Meta))  # type: ignore[attr-defined]
        raise UserError(f"{_quote(typed)} is not a valid {kind} id.", f"Use {format_}.") from None


def read_new_identifier(kind: str, typed: str) -> str:
    """Validate an id that will be stored. The API accepts none with a card number. Raises UserError."""
    identifier = read_identifier(kind, typed)
    _refuse_card_number(f"The {kind} id", identifier)
    return identifier


def read_rule_id(typed: str, rule_ids: Iterable[str]) -> str:
    """Return `typed` if it is one of `rule_ids`. Raises UserError."""
    ids = list(rule_ids)
    if typed in ids:
        return typed
    hint = f"Use one of: {', '.join(ids)}." if ids else "Add the rule to the rules file first."
    raise UserError(f"The rule {_quote(typed)} does not exist.", hint)


def read_author(typed: str) -> str:
    """Validate the option `--author`, which may be empty. Raises UserError."""
    return read_sentence("--author", typed) if typed else ""


def read_sentence(option: str, typed: str) -> str:
    """Return a reason or name on one line.

    Raises UserError for an empty, long or unprintable text, and for one with a card number.
    """
    text = " ".join(typed.split())
    if not text:
        raise UserError(f"{option} is missing.", "Pass a short text for the audit trail.")
    if len(text) > MAX_REASON_LENGTH:
        raise UserError(f"{option} has {len(text)} characters.", f"Use up to {MAX_REASON_LENGTH} characters.")
    if _UNSENDABLE.search(text):
        raise UserError(f"{option} contains control characters.", "Use printable characters.")
    _refuse_card_number(option, text)
    return text


def _refuse_card_number(subject: str, text: str) -> None:
    if contains_card_number(text):
        raise UserError(f"{subject} {CARD_NUMBER_ERROR}.", "Use a token, or the last four digits.")


def _quote(typed: str) -> str:
    return repr(mask_card_numbers(typed))
