"""Evaluation of the rules: the violations of a resource or a stack, without those that are exempt."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from policy.exceptions import EXCEPTIONS, RuleException
from policy.resource import Resource, Stack
from policy.rule import RULES, Rule

# A rule that meets a property of another shape than AWS's refuses the resource.
_UNREADABLE = (TypeError, ValueError, KeyError, AttributeError)


@dataclass(frozen=True)
class Violation:
    """A resource that a rule refuses. `exception` is the exception that permits it, if any."""

    rule: Rule
    resource: Resource
    exception: RuleException | None = None

    @property
    def explanation(self) -> str:
        """Rule, reason, remedy and link, in four lines."""
        rule = self.rule
        lines = (f"rule:     {rule.id}: {rule.title}", f"reason:   {rule.reason}", f"remedy:   {rule.remedy}")
        return "\n".join((*lines, f"link:     {rule.link}"))


def check_resource(
    resource: Resource,
    *,
    unknown: type[Exception] | tuple[type[Exception], ...] = (),
    exceptions: Sequence[RuleException] = EXCEPTIONS,
    today: date | None = None,
) -> Iterator[Violation]:
    """Yield the violations of the rules for one resource.

    `unknown` are the errors of a property that has no value before the deployment. A rule that needs it is
    evaluated when the value exists: before the resource itself is created.
    """
    for rule in RULES.values():
        if resource.type in rule.types and not rule.needs_stack and not _complies(rule, unknown, resource):
            yield _judge(rule, resource, exceptions, today)


def check_stack(
    stack: Stack,
    *,
    unknown: type[Exception] | tuple[type[Exception], ...] = (),
    exceptions: Sequence[RuleException] = EXCEPTIONS,
    today: date | None = None,
) -> Iterator[Violation]:
    """Yield the violations of stack-wide rules."""
    for rule in RULES.values():
        if rule.needs_stack:
            for resource in stack.of_type(*rule.types):
                if not _complies(rule, unknown, resource, stack):
                    yield _judge(rule, resource, exceptions, today)


def check_all(
    resources: Iterable[Resource],
    *,
    exceptions: Sequence[RuleException] = EXCEPTIONS,
    today: date | None = None,
) -> list[Violation]:
    """Return the violations of all rules for the resources of one stack."""
    stack = Stack(list(resources))
    single = [
        violation
        for resource in stack.resources
        for violation in check_resource(resource, exceptions=exceptions, today=today)
    ]
    return [*single, *check_stack(stack, exceptions=exceptions, today=today)]


def _complies(
    rule: Rule,
    unknown: type[Exception] | tuple[type[Exception], ...],
    resource: Resource,
    *stack: Stack,
) -> bool:
    try:
        return bool(rule.check(resource, *stack))
    except unknown:
        return True
    except _UNREADABLE:
        return False


def _judge(
    rule: Rule, resource: Resource, exceptions: Sequence[RuleException], today: date | None
) -> Violation:
    day = today or datetime.now(UTC).date()
    matches = (entry for entry in exceptions if entry.covers(rule.id, resource, day))
    return Violation(rule, resource, next(matches, None))
