"""Snoozes: nobody is told of an account, or because of a rule alone, for a while; it is recorded as ever."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from functions.common.domain.lists_and_snoozes import Snooze
from operations.review import arguments
from operations.review.arguments import SnoozeKind
from operations.review.entries import Sayings
from operations.review.entry_items import OfRule, OnProfile, Place
from terminal import durations

START = "snooze"
END = "snooze --end"
# A function asks so often which rules are snoozed; an account's snooze it reads with its profile.
RULES_READ_SECONDS = 30


@dataclass(frozen=True)
class Ending:
    """Which snooze is to end, and why; without an author it is whoever calls."""

    kind: SnoozeKind
    id: str
    reason: str
    author: str


def entry(
    kind: str,
    id_: str,
    *,
    reason: str,
    until: str,
    author: str,
    rules: Callable[[], Iterable[str]],
    now_ms: int,
) -> Snooze:
    """The snooze that was typed; `rules` gives the ids that there are. Raises UserError."""
    of_kind = arguments.one_of("kind", kind, arguments.SNOOZE_KINDS)
    return Snooze(
        kind=of_kind,
        id=arguments.rule(id_, rules()) if of_kind == "rule" else arguments.identifier(of_kind, id_),
        reason=arguments.sentence("--reason", reason),
        author=arguments.author(author),
        added_at=now_ms,
        until=durations.end_ms("--until", until, now_ms),
    )


def start(sayings: Sayings, snooze: Snooze) -> str:
    """Snooze it; returns what became of it. Raises UserError."""
    change = sayings.say(_place(snooze.kind, snooze.id), snooze, START)
    ends, before = durations.until(snooze.until), change.before
    if before is not None and not change.changed:
        return f"Nothing to change: {snooze.kind} {snooze.id} is snoozed until {ends}, by {before.author}."
    if snooze.kind == "account":
        return f"Nobody is told of account {snooze.id} until {ends}."
    within = f"Functions know within {RULES_READ_SECONDS} s."
    return f"Nobody is told of what only rule {snooze.id} finds suspicious, until {ends}. {within}"


def ending(kind: str, id_: str, *, reason: str, author: str) -> Ending:
    """The end that was typed. A rule that there is no more may still be snoozed. Raises UserError."""
    of_kind = arguments.one_of("kind", kind, arguments.SNOOZE_KINDS)
    return Ending(
        of_kind,
        id_ if of_kind == "rule" else arguments.identifier(of_kind, id_),
        arguments.sentence("--reason", reason) if reason else "ended",
        arguments.author(author),
    )


def end(sayings: Sayings, ending: Ending) -> str:
    """End a snooze; returns what became of it. Raises UserError."""
    what = f"{ending.kind} {ending.id}"
    place = _place(ending.kind, ending.id)
    if sayings.unsay(place, END, ending.author, ending.reason).changed:
        return f"{what} is no longer snoozed."
    return f"Nothing to change: {what} is not snoozed."


def _place(kind: SnoozeKind, id_: str) -> Place[Snooze]:
    return OfRule(id_) if kind == "rule" else OnProfile("account", id_, "snooze", Snooze)
