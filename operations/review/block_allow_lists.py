"""Adds accounts and merchants to the block list or the allow list, and removes them."""

from collections.abc import Callable

from functions.common.domain.overrides import ListEntry, ProfileKind
from operations.review import arguments
from operations.review.list_and_snooze_items import ProfileEntry
from operations.review.overrides import Overrides
from terminal import durations
from terminal.command_line import command_line
from terminal.errors import UserError

ADD = "lists.add"
REMOVE = "lists.remove"


def add_to_list(
    open_overrides: Callable[[], Overrides],
    list_: str,
    kind: str,
    id_: str,
    *,
    reason: str,
    until: str,
    author: str,
    now_ms: int,
) -> str:
    """Add an entry to its list and remove it from the other one. Returns a message.

    Raises UserError, for an invalid argument before `open_overrides` is called.
    """
    profile_kind = arguments.read_choice("kind", kind, arguments.KINDS)
    entry = ListEntry(
        list=arguments.read_choice("list", list_, arguments.LISTS),
        kind=profile_kind,
        id=arguments.read_new_identifier(profile_kind, id_),
        reason=arguments.read_sentence("--reason", reason),
        author=arguments.read_author(author),
        added_at=now_ms,
        until=durations.parse_end_ms("--until", until, now_ms),
    )
    change = open_overrides().set(_profile_entry(entry.kind, entry.id), entry, ADD)
    subject = f"{entry.kind} {entry.id}"
    before, end = change.before, durations.format_end(entry.until)
    if before is None:
        note = "" if change.is_known else f" {format_unknown_note(subject)}"
        return f"{subject} is on the {entry.list} list until {end}.{note}"
    if not change.changed:
        return f"Nothing to change: {subject} is on the {before.list} list until {end}, by {before.author}."
    if before.list != entry.list:
        return f"{subject} moved from the {before.list} list to the {entry.list} list, until {end}."
    return f"{subject} stays on the {entry.list} list, now until {end}."


def remove_from_list(
    open_overrides: Callable[[], Overrides], list_: str, kind: str, id_: str, *, reason: str, author: str
) -> str:
    """Remove an entry from its list. Returns a message. An empty author is the caller.

    Raises UserError if it is on the other list, and for an invalid argument before `open_overrides` is
    called.
    """
    profile_kind = arguments.read_choice("kind", kind, arguments.KINDS)
    list_name = arguments.read_choice("list", list_, arguments.LISTS)
    item = _profile_entry(profile_kind, arguments.read_identifier(profile_kind, id_))
    sentence, name = arguments.read_sentence("--reason", reason), arguments.read_author(author)
    subject = f"{kind} {item.id}"

    def check(before: ListEntry) -> None:
        if before.list != list_name:
            remove = command_line(REMOVE, before.list, kind, item.id, reason=sentence)
            raise UserError(
                f"{subject} is on the {before.list} list, not on the {list_name} list.",
                f"Remove it: {remove}",
            )

    if open_overrides().clear(item, REMOVE, name, sentence, check).changed:
        return f"{subject} is removed from the {list_name} list."
    return f"Nothing to change: {subject} is not on a list."


def format_unknown_note(subject: str) -> str:
    """A note about an account or merchant without any counted transaction, such as 'account a-1'."""
    return f"Note: no transaction of {subject} is counted yet. Check the id if you expect one."


def _profile_entry(kind: ProfileKind, id_: str) -> ProfileEntry[ListEntry]:
    return ProfileEntry(kind, id_, "listing", ListEntry)
