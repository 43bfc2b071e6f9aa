"""Starts and ends snoozes, which suppress alerts for an account or a rule. Decisions are still recorded."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from functions.common.domain.overrides import Snooze
from operations.review import arguments
from operations.review.arguments import SnoozeKind
from operations.review.override_items import OverrideItem, ProfileEntry, RuleSnooze
from operations.review.overrides import Overrides
from terminal import durations

START = "snooze"
END = "snooze --end"
# The interval at which functions read the snoozes of rules. Account snoozes are read with each profile.
RULES_READ_SECONDS = 30


@dataclass(frozen=True)
class SnoozeEnd:
    """The early end of a snooze. An empty author is the caller."""

    kind: SnoozeKind
    id: str
    reason: str
    author: str


def build_snooze(
    kind: str,
    id_: str,
    *,
    reason: str,
    until: str,
    author: str,
    rules: Callable[[], Iterable[str]],
    now_ms: int,
) -> Snooze:
    """Validate arguments and return the snooze; `rules` returns the ids of existing rules.

    Raises UserError for the first invalid argument.
    """
    snooze_kind = arguments.read_choice("kind", kind, arguments.SNOOZE_KINDS)
    if snooze_kind == "rule":
        identifier = arguments.read_rule_id(id_, rules())
    else:
        identifier = arguments.read_identifier(snooze_kind, id_)
    return Snooze(
        kind=snooze_kind,
        id=identifier,
        reason=arguments.read_sentence("--reason", reason),
        author=arguments.read_author(author),
        added_at=now_ms,
        until=durations.parse_end_ms("--until", until, now_ms),
    )


def build_snooze_end(kind: str, id_: str, *, reason: str, author: str) -> SnoozeEnd:
    """Validate arguments and return the end. A deleted rule may still be snoozed. Raises UserError."""
    snooze_kind = arguments.read_choice("kind", kind, arguments.SNOOZE_KINDS)
    return SnoozeEnd(
        snooze_kind,
        id_ if snooze_kind == "rule" else arguments.read_identifier(snooze_kind, id_),
        arguments.read_sentence("--reason", reason) if reason else "ended",
        arguments.read_author(author),
    )


def start_snooze(overrides: Overrides, snooze: Snooze) -> str:
    """Start a snooze. Returns a message. Raises UserError."""
    change = overrides.set(_override_item(snooze.kind, snooze.id), snooze, START)
    subject, end = f"{snooze.kind} {snooze.id}", durations.format_end(snooze.until)
    if change.before is not None and not change.changed:
        return f"Nothing to change: {subject} is snoozed until {end}, by {change.before.author}."
    if snooze.kind == "account":
        return f"{subject} is snoozed until {end}: it causes no alerts."
    delay = f"Functions apply the snooze within {RULES_READ_SECONDS} s."
    return f"{subject} is snoozed until {end}: transactions that only it flags cause no alerts. {delay}"


def end_snooze(overrides: Overrides, snooze_end: SnoozeEnd) -> str:
    """End a snooze. Returns a message. Raises UserError."""
    subject = f"{snooze_end.kind} {snooze_end.id}"
    item = _override_item(snooze_end.kind, snooze_end.id)
    if overrides.clear(item, END, snooze_end.author, snooze_end.reason).changed:
        return f"{subject} is no longer snoozed."
    return f"Nothing to change: {subject} is not snoozed."


def _override_item(kind: SnoozeKind, id_: str) -> OverrideItem[Snooze]:
    return RuleSnooze(id_) if kind == "rule" else ProfileEntry("account", id_, "snooze", Snooze)
