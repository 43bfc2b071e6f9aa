"""The exceptions from rules, each for named resources and environments, with a reason and an end.

An exception without a reason, or past its end date, permits nothing and fails every check.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from policy.resource import Resource

# The end of an exception that has none. Its reason says why.
PERMANENT = None


@dataclass(frozen=True, kw_only=True)
class RuleException:
    """`resource`: a pattern for <layer>/<type>/<name>, as in data/Table/*. `until`: the last valid day."""

    rule: str
    resource: str
    environments: tuple[str, ...]
    reason: str
    until: date | None

    def covers(self, rule: str, resource: Resource, today: date) -> bool:
        """Whether the exception permits that the resource violates the rule."""
        return (
            rule == self.rule
            and fnmatchcase(resource.path, self.resource)
            and resource.environment in self.environments
            and not self._find_faults(today)
        )

    def describe_faults(self, rules: Collection[str], today: date) -> list[str]:
        """Return what is wrong with the exception, one sentence each."""
        faults = self._find_faults(today)
        if self.rule not in rules:
            faults.append("there is no such rule")
        return [
            f"The exception from {self.rule} for {self.resource} is invalid: {fault}." for fault in faults
        ]

    def _find_faults(self, today: date) -> list[str]:
        faults = [] if self.reason.strip() else ["it has no reason"]
        if self.until and self.until < today:
            faults.append(f"it ended on {self.until}. Remove it, or correct the resource")
        return faults


def find_faults(
    rules: Collection[str], today: date, exceptions: Sequence[RuleException] | None = None
) -> list[str]:
    """Return what is wrong with the exceptions, one sentence each."""
    entries = EXCEPTIONS if exceptions is None else exceptions
    return [fault for entry in entries for fault in entry.describe_faults(rules, today)]


_EVERYWHERE = ("local", "dev", "staging", "prod")
_STATE_KEY = (
    "KMS generates the ID of the key for Pulumi's state, and bootstrap creates the key before the stacks."
    " The condition on kms:ResourceAliases permits this key only."
)
_REPLACEABLE_DATA = "The environment holds test data only, and is destroyed and created again."

EXCEPTIONS: tuple[RuleException, ...] = (
    RuleException(
        rule="iam-no-decrypt-everywhere",
        resource="foundation/*Policy/deploy-*",
        environments=_EVERYWHERE,
        reason=_STATE_KEY,
        until=PERMANENT,
    ),
    RuleException(
        rule="iam-no-decrypt-everywhere",
        resource="foundation/*Policy/read",
        environments=_EVERYWHERE,
        reason=_STATE_KEY,
        until=PERMANENT,
    ),
    RuleException(
        rule="sns-policy-source",
        resource="foundation/TopicPolicy/operations",
        environments=_EVERYWHERE,
        reason="EventBridge supports no conditions in the policy of a topic: with one, it drops every event.",
        until=PERMANENT,
    ),
    RuleException(
        rule="kms-deletion-window",
        resource="foundation/Key/*",
        environments=("local", "dev"),
        reason=_REPLACEABLE_DATA,
        until=PERMANENT,
    ),
    RuleException(
        rule="dynamodb-deletion-protection",
        resource="data/Table/*",
        environments=("local", "dev"),
        reason=_REPLACEABLE_DATA,
        until=PERMANENT,
    ),
    RuleException(
        rule="lambda-no-debug-log",
        resource="*/Function/*",
        environments=("dev",),
        reason="Faults are searched for in dev, which receives made-up transactions only.",
        until=PERMANENT,
    ),
)
