"""Where functions read what people say: on a profile, or with the snoozes of all rules.

Each update raises the item's version, so that a function that read it before fails its write and reads again.
It is made on condition of what people said before, not of the version: a merchant that many buy at would
never hold still.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from functions.common.domain.lists_and_snoozes import Kind, Listing, Snooze
from functions.common.dynamodb import profile_items
from functions.common.dynamodb.client import Item
from operations.review.profiles_table import Write

Said = TypeVar("Said", Listing, Snooze)
Texts = Mapping[str, str | None]

CONTROL = profile_items.profile_key("control", "rules")
_SNOOZES = "snoozes"
_ON_PROFILES: Mapping[str, type[Listing] | type[Snooze]] = {"listing": Listing, "snooze": Snooze}
# An item that nothing is said on any more, and nothing was counted on yet.
_LEFT_SECONDS = 86_400


class Place(Protocol[Said]):
    """One thing that may be said of one account, merchant or rule."""

    @property
    def key(self) -> Item:
        """The key of the item that it is on."""

    def said(self, item: Item | None) -> Said | None:
        """What the item says now, also if it has ended."""

    def update(self, item: Item | None, said: Said | None, now_ms: int) -> Write:
        """The write that says something else, or nothing, if the item still says what was read."""


@dataclass(frozen=True)
class OnProfile(Generic[Said]):
    """An attribute of a profile: `listing` or `snooze`."""

    kind: Kind
    id: str
    attribute: str
    model: type[Said]

    @property
    def key(self) -> Item:
        return profile_items.profile_key(profile_items.profile_subject(self.kind, self.id))

    def said(self, item: Item | None) -> Said | None:
        text = _text(item, self.attribute)
        return None if text is None else msgspec.json.decode(text, type=self.model)

    def update(self, item: Item | None, said: Said | None, now_ms: int) -> Write:
        before = {name: _text(item, name) for name in _ON_PROFILES}
        after = {**before, self.attribute: _encoded(said)}
        return _update(self.key, before, after, _expires_at(item, after, now_ms // 1000))


@dataclass(frozen=True)
class OfRule:
    """The snooze of a rule. One item has those of all rules; those that have ended are dropped from it."""

    rule: str

    @property
    def key(self) -> Item:
        return CONTROL

    def said(self, item: Item | None) -> Snooze | None:
        return _snoozes(item).get(self.rule)

    def update(self, item: Item | None, said: Snooze | None, now_ms: int) -> Write:
        others = {
            rule: snooze
            for rule, snooze in _snoozes(item).items()
            if rule != self.rule and snooze.until > now_ms
        }
        snoozes = {**others, self.rule: said} if said else others
        return _update(CONTROL, {_SNOOZES: _text(item, _SNOOZES)}, {_SNOOZES: _encoded(snoozes)})


def _snoozes(item: Item | None) -> dict[str, Snooze]:
    return msgspec.json.decode(_text(item, _SNOOZES) or "{}", type=dict[str, Snooze])


def _text(item: Item | None, attribute: str) -> str | None:
    return item[attribute]["S"] if item and attribute in item else None


def _encoded(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _expires_at(item: Item | None, said: Texts, now: int) -> int:
    """When the item may go, in epoch seconds: not before what is said on it has ended."""
    ends = [
        -(-msgspec.json.decode(text, type=_ON_PROFILES[name]).until // 1000)
        for name, text in said.items()
        if text is not None
    ]
    # A function that counts on it at this moment keeps it as long.
    counted = now + profile_items.KEPT_SECONDS if item and "state" in item else now + _LEFT_SECONDS
    return max([counted, *ends])


def _update(key: Item, before: Texts, after: Texts, expires_at: int | None = None) -> Write:
    changed = {name: text for name, text in after.items() if text != before[name]}
    sets = ["#version = if_not_exists(#version, :none) + :one"]
    sets += [f"{name} = :new_{name}" for name, text in changed.items() if text is not None]
    values: dict[str, Any] = {":none": {"N": "0"}, ":one": {"N": "1"}}
    values |= {f":new_{name}": {"S": text} for name, text in changed.items() if text is not None}
    values |= {f":old_{name}": {"S": text} for name, text in before.items() if text is not None}
    if expires_at is not None:
        sets.append("expires_at = :expires")
        values[":expires"] = {"N": str(expires_at)}
    removed = [name for name, text in changed.items() if text is None]
    removes = f" REMOVE {', '.join(removed)}" if removed else ""
    as_read = [
        f"attribute_not_exists({name})" if text is None else f"{name} = :old_{name}"
        for name, text in before.items()
    ]
    return {
        "Update": {
            "Key": key,
            "UpdateExpression": f"SET {', '.join(sets)}{removes}",
            "ConditionExpression": " AND ".join(as_read),
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": values,
        }
    }
