"""Findings of the checkers in a template, and the accepted findings with their reasons."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Finding:
    """A violation of a rule. `resource`: a logical ID, or empty for the whole template."""

    rule: str
    resource: str
    message: str


@dataclass(frozen=True, kw_only=True)
class AcceptedFinding:
    """An accepted finding. `resource`: a pattern for logical IDs. `message`: a pattern for messages."""

    rule: str
    resource: str
    reason: str
    message: str = "*"

    def covers(self, finding: Finding) -> bool:
        """Whether the entry applies to a finding."""
        return (
            self.rule == finding.rule
            and fnmatchcase(finding.resource, self.resource)
            and fnmatchcase(finding.message, self.message)
        )


ACCEPTED = (
    AcceptedFinding(
        rule="I3510",
        resource="FoundationDeploy*Policy",
        message="action 'signer:*",
        reason="a boundary, whose size is limited, has one pattern for signing profiles and signing jobs",
    ),
    AcceptedFinding(
        rule="W3010",
        resource="FoundationPrivate?Subnet",
        reason="the program reads the zones from AWS; the template contains the result",
    ),
    AcceptedFinding(
        rule="CKV_AWS_116",
        resource="ProcessingFraudFunctionFunction",
        reason="its on-failure destination is a queue, which receives failed events with the error",
    ),
    AcceptedFinding(
        rule="CKV_AWS_116",
        resource="ProcessingMerchantsFunctionFunction",
        reason="a stream invokes it: Lambda retries a failed batch until the stream drops its records",
    ),
    AcceptedFinding(
        rule="CKV_AWS_116",
        resource="ProcessingNotifyFunctionFunction",
        reason="a queue invokes it: failed messages remain there and move to the dead-letter queue",
    ),
    AcceptedFinding(
        rule="CKV_AWS_116",
        resource="EdgeApiFunctionFunction",
        reason="API Gateway invokes it synchronously: the caller gets the error",
    ),
    AcceptedFinding(
        rule="CKV_AWS_116",
        resource="EdgeLabelsFunctionFunction",
        reason="API Gateway invokes it synchronously: the caller gets the error",
    ),
    AcceptedFinding(
        rule="CKV_AWS_61",
        resource="EdgeConsumer*Role",
        reason="its principal is an account, whose own IAM policies name the identities that may assume it",
    ),
    AcceptedFinding(
        rule="CKV_AWS_120",
        resource="EdgeV1Stage",
        reason="every method is a POST that stores a record: a cached response would lose the record",
    ),
)


def find_open(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that are not accepted."""
    return [finding for finding in findings if not any(entry.covers(finding) for entry in ACCEPTED)]


def find_stale(findings: Iterable[Finding]) -> list[AcceptedFinding]:
    """The entries of ACCEPTED that apply to none of the findings."""
    all_findings = list(findings)
    return [entry for entry in ACCEPTED if not any(entry.covers(finding) for finding in all_findings)]
