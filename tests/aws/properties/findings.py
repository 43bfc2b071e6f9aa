"""What a checker finds in a template, and the findings that are accepted, each with its reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Finding:
    """A rule that a resource breaks; `resource` is a logical id, or empty for the whole template."""

    rule: str
    resource: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """Findings that stay: `resource` is a logical id, in which `*` stands for anything."""

    rule: str
    resource: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding."""
        return self.rule == finding.rule and fnmatchcase(finding.resource, self.resource)


ACCEPTED = (
    Accepted(
        rule="W3010",
        resource="FoundationPrivate?Subnet",
        reason="the program asks AWS for the zones when it runs; the template shows the answer",
    ),
    Accepted(
        rule="CKV_AWS_116",
        resource="ProcessingFraudFunctionFunction",
        reason="its on-failure destination, a queue, gets failed events with the error",
    ),
    Accepted(
        rule="CKV_AWS_116",
        resource="ProcessingNotifyFunctionFunction",
        reason="a queue calls it: failed messages stay there, and end in that queue's dead-letter queue",
    ),
    Accepted(
        rule="CKV_AWS_116",
        resource="EdgeApiFunctionFunction",
        reason="API Gateway calls it synchronously: the caller gets the error, nothing is queued",
    ),
    Accepted(
        rule="CKV_AWS_116",
        resource="EdgeLabelsFunctionFunction",
        reason="API Gateway calls it synchronously: the caller gets the error, nothing is queued",
    ),
    Accepted(
        rule="CKV_AWS_120",
        resource="EdgeV1Stage",
        reason="every method is a POST that stores a record: a cached response would lose it",
    ),
)


def open_findings(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that nobody has accepted."""
    return [finding for finding in findings if not any(entry.covers(finding) for entry in ACCEPTED)]


def stale_entries(findings: Iterable[Finding]) -> list[Accepted]:
    """The entries of the list that cover none of the findings."""
    found = list(findings)
    return [entry for entry in ACCEPTED if not any(entry.covers(finding) for finding in found)]
