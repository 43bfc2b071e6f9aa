"""What analysts type: checked, and refused in one line that says what would do."""

import re
from collections.abc import Iterable
from typing import Literal, TypeVar, get_args

import msgspec
from msgspec import Meta

from functions.common.domain.lists_and_snoozes import Kind, List
from functions.common.domain.transaction import Identifier
from terminal.errors import UserError

SnoozeKind = Literal["account", "rule"]
# Reasons are part of messages that SQS takes: it refuses control characters and lone surrogates.
LONGEST_REASON = 200
_UNSENDABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

LISTS: tuple[List, ...] = get_args(List)
KINDS: tuple[Kind, ...] = get_args(Kind)
SNOOZE_KINDS: tuple[SnoozeKind, ...] = get_args(SnoozeKind)

T = TypeVar("T", bound=str)


def one_of(what: str, typed: str, choices: tuple[T, ...]) -> T:
    """The choice that was typed. Raises UserError with the right ones."""
    for choice in choices:
        if choice == typed:
            return choice
    raise UserError(f"There is no {what} {typed!r}.", f"Say {' or '.join(choices)}.")


def identifier(kind: str, typed: str) -> str:
    """The id of an account or merchant, as the API takes it. Raises UserError."""
    try:
        return str(msgspec.convert(typed, Identifier))
    except msgspec.ValidationError:
        words = next(part.description for part in Identifier.__metadata__ if isinstance(part, Meta))  # type: ignore[attr-defined]
        raise UserError(f"{typed!r} is no {kind} id.", f"The API takes {words}.") from None


def rule(typed: str, known: Iterable[str]) -> str:
    """The id of a rule. Raises UserError with those that there are."""
    ids = list(known)
    if typed in ids:
        return typed
    raise UserError(f"There is no rule {typed!r}.", f"Rules are: {', '.join(ids) or 'none'}.")


def author(typed: str) -> str:
    """Who is named with --author; empty if nobody is. Raises UserError."""
    return sentence("--author", typed) if typed else ""


def sentence(option: str, typed: str) -> str:
    """A reason or name on one line. Raises UserError where there is none, or one that is too long."""
    text = " ".join(typed.split())
    if not text:
        raise UserError(f"{option} is missing.", f'Say {option} "…": it is kept in the audit trail.')
    if len(text) > LONGEST_REASON or _UNSENDABLE.search(text):
        raise UserError(
            f"{option} is not a line of up to {LONGEST_REASON} characters, none of them control characters.",
            "Say it shorter, or in other characters.",
        )
    return text
