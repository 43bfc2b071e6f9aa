"""Starts and ends snoozes, which suppress alerts for an account or a rule. Decisions are still recorded."""

from collections.abc import Callable, Iterable

from functions.common.domain.overrides import Snooze
from operations.review import arguments
from operations.review.arguments import SnoozeKind
from operations.review.block_allow_lists import format_unknown_note
from operations.review.list_and_snooze_items import OverrideItem, ProfileEntry, RuleSnooze
from operations.review.overrides import Overrides
from terminal import durations

START = "snooze"
END = "snooze --end"
# The interval at which functions read the snoozes of rules. Account snoozes are read with each profile.
RULES_READ_SECONDS = 30


def start_snooze(
    open_overrides: Callable[[], Overrides],
    kind: str,
    id_: str,
    *,
    reason: str,
    until: str,
    author: str,
    rules: Callable[[], Iterable[str]],
    now_ms: int,
) -> str:
    """Start a snooze. Returns a message. `rules` returns the ids of existing rules.

    Raises UserError, for an invalid argument before `open_overrides` is called.
    """
    snooze_kind = arguments.read_choice("kind", kind, arguments.SNOOZE_KINDS)
    if snooze_kind == "rule":
        identifier = arguments.read_rule_id(id_, rules())
    else:
        identifier = arguments.read_new_identifier(snooze_kind, id_)
    snooze = Snooze(
        kind=snooze_kind,
        id=identifier,
        reason=arguments.read_sentence("--reason", reason),
        author=arguments.read_author(author),
        added_at=now_ms,
        until=durations.parse_end_ms("--until", until, now_ms),
    )
    change = open_overrides().set(_override_item(snooze.kind, snooze.id), snooze, START)
    subject, end = f"{snooze.kind} {snooze.id}", durations.format_end(snooze.until)
    if change.before is not None and not change.changed:
        return f"Nothing to change: {subject} is snoozed until {end}, by {change.before.author}."
    if snooze.kind == "account":
        note = "" if change.is_known else f" {format_unknown_note(subject)}"
        return f"{subject} is snoozed until {end}: it causes no alerts.{note}"
    delay = f"Functions apply the snooze within {RULES_READ_SECONDS} s."
    return f"{subject} is snoozed until {end}: transactions that only it flags cause no alerts. {delay}"


def end_snooze(
    open_overrides: Callable[[], Overrides], kind: str, id_: str, *, reason: str, author: str
) -> str:
    """End a snooze, also of a rule that is deleted. Returns a message. An empty author is the caller.

    Raises UserError, for an invalid argument before `open_overrides` is called.
    """
    snooze_kind = arguments.read_choice("kind", kind, arguments.SNOOZE_KINDS)
    identifier = id_ if snooze_kind == "rule" else arguments.read_identifier(snooze_kind, id_)
    sentence = arguments.read_sentence("--reason", reason) if reason else "ended"
    name = arguments.read_author(author)
    if open_overrides().clear(_override_item(snooze_kind, identifier), END, name, sentence).changed:
        return f"{kind} {identifier} is no longer snoozed."
    return f"Nothing to change: {kind} {identifier} is not snoozed."


def _override_item(kind: SnoozeKind, id_: str) -> OverrideItem[Snooze]:
    return RuleSnooze(id_) if kind == "rule" else ProfileEntry("account", id_, "snooze", Snooze)
