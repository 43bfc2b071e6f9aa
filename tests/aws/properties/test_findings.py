"""Accepted findings."""

import pytest

from tests.aws.properties.findings import ACCEPTED, AcceptedFinding, Finding, find_open, find_stale

ENTRY = AcceptedFinding(rule="W1", resource="Data*Queue", reason="a reason")


@pytest.mark.parametrize(
    ("rule", "resource", "covered"),
    [("W1", "DataJobsQueue", True), ("W2", "DataJobsQueue", False), ("W1", "EdgeJobsQueue", False)],
)
def test_entry_covers_one_rule_for_matching_resources(rule: str, resource: str, covered: bool) -> None:
    assert ENTRY.covers(Finding(rule, resource, "")) is covered


def test_entry_with_a_message_covers_no_other_message() -> None:
    entry = AcceptedFinding(rule="W1", resource="*", reason="a reason", message="action 'signer:*")
    assert entry.covers(Finding("W1", "DataJobsQueue", "action 'signer:StartSigningJob' is unknown"))
    assert not entry.covers(Finding("W1", "DataJobsQueue", "action 's3:PutObject' is unknown"))


def test_finding_without_an_entry_is_open() -> None:
    finding = Finding("E3030", "DataJobsQueue", "")
    assert find_open([finding]) == [finding]


def test_entry_without_a_finding_is_stale() -> None:
    assert find_stale([]) == list(ACCEPTED)
