"""Items from which functions read overrides: a profile, or the item with the snoozes of all rules.

An update increments the item's version, so that a function that read the earlier version fails its write and
reads again. The condition of an update is the earlier override, not the version: the profile of a busy
merchant changes too often for that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from functions.common.domain.overrides import ListEntry, ProfileKind, Snooze
from functions.common.dynamodb import profile_items
from functions.common.dynamodb.client import Item
from operations.review.profiles_table import Write

OverrideT = TypeVar("OverrideT", ListEntry, Snooze)
Texts = Mapping[str, str | None]

RULE_SNOOZES_KEY = profile_items.profile_key("control", "rules")
_SNOOZES = "snoozes"
_PROFILE_MODELS: Mapping[str, type[ListEntry] | type[Snooze]] = {"listing": ListEntry, "snooze": Snooze}
# The retention of an item without counts, or of that of rules, after its last override.
_EMPTY_RETENTION_SECONDS = 86_400


class OverrideItem(Protocol[OverrideT]):
    """The place of one override in an item of the table."""

    @property
    def key(self) -> Item:
        """The key of the item."""

    def read(self, item: Item | None) -> OverrideT | None:
        """Return the override in the item, even if it is expired."""

    def is_known(self, item: Item | None) -> bool:
        """Return whether the item belongs to a rule, or to an account or merchant with transactions."""

    def build_update(self, item: Item | None, override: OverrideT | None, now_ms: int) -> Write:
        """Return the write that replaces the override, or removes it for None, if `item` is still current."""


@dataclass(frozen=True)
class ProfileEntry(Generic[OverrideT]):
    """An override in the attribute `listing` or `snooze` of a profile."""

    kind: ProfileKind
    id: str
    attribute: str
    model: type[OverrideT]

    @property
    def key(self) -> Item:
        return profile_items.profile_key(profile_items.profile_subject(self.kind, self.id))

    def read(self, item: Item | None) -> OverrideT | None:
        text = _read_text(item, self.attribute)
        return None if text is None else msgspec.json.decode(text, type=self.model)

    def is_known(self, item: Item | None) -> bool:
        return _has_counts(item)

    def build_update(self, item: Item | None, override: OverrideT | None, now_ms: int) -> Write:
        before = {name: _read_text(item, name) for name in _PROFILE_MODELS}
        after = {**before, self.attribute: _encode(override)}
        return _build_update(self.key, before, after, _find_expiry(item, after, now_ms // 1000))


@dataclass(frozen=True)
class RuleSnooze:
    """The snooze of a rule, in the item with the snoozes of all rules. An update removes expired ones."""

    rule: str

    @property
    def key(self) -> Item:
        return RULE_SNOOZES_KEY

    def read(self, item: Item | None) -> Snooze | None:
        return _decode_snoozes(item).get(self.rule)

    def is_known(self, item: Item | None) -> bool:
        return True

    def build_update(self, item: Item | None, override: Snooze | None, now_ms: int) -> Write:
        snoozes = {
            rule: snooze
            for rule, snooze in _decode_snoozes(item).items()
            if rule != self.rule and snooze.until > now_ms
        }
        if override:
            snoozes[self.rule] = override
        ends = [-(-snooze.until // 1000) for snooze in snoozes.values()]
        return _build_update(
            self.key,
            {_SNOOZES: _read_text(item, _SNOOZES)},
            {_SNOOZES: _encode(snoozes)},
            max([now_ms // 1000 + _EMPTY_RETENTION_SECONDS, *ends]),
        )


def _decode_snoozes(item: Item | None) -> dict[str, Snooze]:
    return msgspec.json.decode(_read_text(item, _SNOOZES) or "{}", type=dict[str, Snooze])


def _read_text(item: Item | None, attribute: str) -> str | None:
    return item[attribute]["S"] if item and attribute in item else None


def _encode(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _find_expiry(item: Item | None, overrides: Texts, now_seconds: int) -> int:
    """Return the time in epoch seconds from which the item may be deleted: never before an override ends."""
    ends = [
        -(-msgspec.json.decode(text, type=_PROFILE_MODELS[name]).until // 1000)
        for name, text in overrides.items()
        if text is not None
    ]
    # An item with counts keeps the retention that functions give it.
    retention = profile_items.RETENTION_SECONDS if _has_counts(item) else _EMPTY_RETENTION_SECONDS
    return max([now_seconds + retention, *ends])


def _has_counts(item: Item | None) -> bool:
    return item is not None and "state" in item


def _build_update(key: Item, before: Texts, after: Texts, expires_at: int | None = None) -> Write:
    changed = {name: text for name, text in after.items() if text != before[name]}
    assignments = ["#version = if_not_exists(#version, :none) + :one"]
    assignments += [f"{name} = :new_{name}" for name, text in changed.items() if text is not None]
    values: dict[str, Any] = {":none": {"N": "0"}, ":one": {"N": "1"}}
    values |= {f":new_{name}": {"S": text} for name, text in changed.items() if text is not None}
    values |= {f":old_{name}": {"S": text} for name, text in before.items() if text is not None}
    if expires_at is not None:
        assignments.append("expires_at = :expires")
        values[":expires"] = {"N": str(expires_at)}
    removed = [name for name, text in changed.items() if text is None]
    removal = f" REMOVE {', '.join(removed)}" if removed else ""
    conditions = [
        f"attribute_not_exists({name})" if text is None else f"{name} = :old_{name}"
        for name, text in before.items()
    ]
    return {
        "Update": {
            "Key": key,
            "UpdateExpression": f"SET {', '.join(assignments)}{removal}",
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": values,
        }
    }
