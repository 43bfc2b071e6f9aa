"""The block list and the allow list: adding, removing, in the words of the tasks."""

from dataclasses import dataclass

from functions.common.domain.lists_and_snoozes import Kind, List, Listing
from operations.review import arguments
from operations.review.entries import Sayings
from operations.review.entry_items import OnProfile
from terminal import durations
from terminal.errors import UserError

ADD = "lists.add"
REMOVE = "lists.remove"


@dataclass(frozen=True)
class Removal:
    """What is to be taken off which list, and why; without an author it is whoever calls."""

    list: List
    kind: Kind
    id: str
    reason: str
    author: str


def entry(list_: str, kind: str, id_: str, *, reason: str, until: str, author: str, now_ms: int) -> Listing:
    """The entry that was typed. Raises UserError for the first thing that is wrong with it."""
    of_kind = arguments.one_of("kind", kind, arguments.KINDS)
    return Listing(
        list=arguments.one_of("list", list_, arguments.LISTS),
        kind=of_kind,
        id=arguments.identifier(of_kind, id_),
        reason=arguments.sentence("--reason", reason),
        author=arguments.author(author),
        added_at=now_ms,
        until=durations.end_ms("--until", until, now_ms),
    )


def add(sayings: Sayings, listing: Listing) -> str:
    """Put it on its list, and off the other one; returns what became of it. Raises UserError."""
    change = sayings.say(_place(listing.kind, listing.id), listing, ADD)
    what = f"{listing.kind} {listing.id}"
    before, ends = change.before, durations.until(listing.until)
    if before is None:
        return f"{what} is on the {listing.list} list until {ends}."
    if not change.changed:
        return f"Nothing to change: {what} is on the {before.list} list until {ends}, by {before.author}."
    if before.list != listing.list:
        return f"{what} is moved from the {before.list} list to the {listing.list} list, until {ends}."
    return f"{what} stays on the {listing.list} list, now until {ends}."


def removal(list_: str, kind: str, id_: str, *, reason: str, author: str) -> Removal:
    """The removal that was typed. Raises UserError for the first thing that is wrong with it."""
    of_kind = arguments.one_of("kind", kind, arguments.KINDS)
    return Removal(
        arguments.one_of("list", list_, arguments.LISTS),
        of_kind,
        arguments.identifier(of_kind, id_),
        arguments.sentence("--reason", reason),
        arguments.author(author),
    )


def remove(sayings: Sayings, removal: Removal) -> str:
    """Take it off its list; returns what became of it. Raises UserError if it is on the other one."""
    what = f"{removal.kind} {removal.id}"

    def check(before: Listing) -> None:
        if before.list != removal.list:
            raise UserError(
                f"{what} is on the {before.list} list, not on the {removal.list} list.",
                f"Say: invoke lists.remove {before.list} {what} …",
            )

    place = _place(removal.kind, removal.id)
    if sayings.unsay(place, REMOVE, removal.author, removal.reason, check).changed:
        return f"{what} is off the {removal.list} list."
    return f"Nothing to change: {what} is on no list."


def _place(kind: Kind, id_: str) -> OnProfile[Listing]:
    return OnProfile(kind, id_, "listing", Listing)
