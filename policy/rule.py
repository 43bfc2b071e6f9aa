"""Rules: a plain function decides about a resource, and the decorator says what the rule is for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from typing import Any

Check = Callable[..., Any]


@dataclass(frozen=True)
class Rule:
    """`check` returns a true value for a resource that complies.

    A stack-wide rule also gets the stack. `controls` are the IDs of the controls that the rule enforces.
    """

    id: str
    types: tuple[str, ...]
    title: str
    reason: str
    remedy: str
    link: str
    controls: tuple[str, ...]
    check: Check

    @cached_property
    def needs_stack(self) -> bool:
        """Whether the rule looks at other resources of the stack, too."""
        return len(signature(self.check).parameters) > 1


# By ID, in the order of the files.
RULES: dict[str, Rule] = {}


def rule(
    rule_id: str,
    *types: str,
    title: str,
    reason: str,
    remedy: str,
    link: str,
    controls: str = "",
) -> Callable[[Check], Check]:
    """Register a function as the rule for resources of `types`. `controls` are separated by spaces."""

    def register(check: Check) -> Check:
        if rule_id in RULES:
            raise ValueError(f"two rules are named {rule_id}")
        RULES[rule_id] = Rule(rule_id, types, title, reason, remedy, link, tuple(controls.split()), check)
        return check

    return register
