"""Adds accounts and merchants to the block list or the allow list, and removes them."""

from dataclasses import dataclass

from functions.common.domain.overrides import ListEntry, ListName, ProfileKind
from operations.review import arguments
from operations.review.override_items import ProfileEntry
from operations.review.overrides import Overrides
from terminal import durations
from terminal.command_line import command_line
from terminal.errors import UserError

ADD = "lists.add"
REMOVE = "lists.remove"


@dataclass(frozen=True)
class ListRemoval:
    """The removal of an account or merchant from a list. An empty author is the caller."""

    list: ListName
    kind: ProfileKind
    id: str
    reason: str
    author: str


def build_list_entry(
    list_: str, kind: str, id_: str, *, reason: str, until: str, author: str, now_ms: int
) -> ListEntry:
    """Validate arguments and return the entry. Raises UserError for the first invalid argument."""
    profile_kind = arguments.read_choice("kind", kind, arguments.KINDS)
    return ListEntry(
        list=arguments.read_choice("list", list_, arguments.LISTS),
        kind=profile_kind,
        id=arguments.read_identifier(profile_kind, id_),
        reason=arguments.read_sentence("--reason", reason),
        author=arguments.read_author(author),
        added_at=now_ms,
        until=durations.parse_end_ms("--until", until, now_ms),
    )


def build_removal(list_: str, kind: str, id_: str, *, reason: str, author: str) -> ListRemoval:
    """Validate arguments and return the removal. Raises UserError for the first invalid argument."""
    profile_kind = arguments.read_choice("kind", kind, arguments.KINDS)
    return ListRemoval(
        arguments.read_choice("list", list_, arguments.LISTS),
        profile_kind,
        arguments.read_identifier(profile_kind, id_),
        arguments.read_sentence("--reason", reason),
        arguments.read_author(author),
    )


def add_to_list(overrides: Overrides, entry: ListEntry) -> str:
    """Add an entry to its list and remove it from the other one. Returns a message. Raises UserError."""
    change = overrides.set(_profile_entry(entry.kind, entry.id), entry, ADD)
    subject = f"{entry.kind} {entry.id}"
    before, end = change.before, durations.format_end(entry.until)
    if before is None:
        return f"{subject} is on the {entry.list} list until {end}."
    if not change.changed:
        return f"Nothing to change: {subject} is on the {before.list} list until {end}, by {before.author}."
    if before.list != entry.list:
        return f"{subject} moved from the {before.list} list to the {entry.list} list, until {end}."
    return f"{subject} stays on the {entry.list} list, now until {end}."


def remove_from_list(overrides: Overrides, removal: ListRemoval) -> str:
    """Remove an entry from its list. Returns a message. Raises UserError if it is on the other list."""
    subject = f"{removal.kind} {removal.id}"

    def check(before: ListEntry) -> None:
        if before.list != removal.list:
            remove = command_line(REMOVE, before.list, removal.kind, removal.id, reason=removal.reason)
            raise UserError(
                f"{subject} is on the {before.list} list, not on the {removal.list} list.",
                f"Remove it: {remove}",
            )

    item = _profile_entry(removal.kind, removal.id)
    if overrides.clear(item, REMOVE, removal.author, removal.reason, check).changed:
        return f"{subject} is removed from the {removal.list} list."
    return f"Nothing to change: {subject} is not on a list."


def _profile_entry(kind: ProfileKind, id_: str) -> ProfileEntry[ListEntry]:
    return ProfileEntry(kind, id_, "listing", ListEntry)
