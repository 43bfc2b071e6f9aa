"""Accepted findings: an entry covers its rule and resources alone."""

import pytest

from tests.aws.properties.findings import ACCEPTED, Accepted, Finding, open_findings, stale_entries

ENTRY = Accepted(rule="W1", resource="Data*Queue", reason="a reason")


@pytest.mark.parametrize(
    ("rule", "resource", "covered"),
    [("W1", "DataJobsQueue", True), ("W2", "DataJobsQueue", False), ("W1", "EdgeJobsQueue", False)],
)
def test_an_entry_covers_one_rule_of_the_resources_it_names(rule: str, resource: str, covered: bool) -> None:
    assert ENTRY.covers(Finding(rule, resource, "")) is covered


def test_a_finding_without_an_entry_stays_open() -> None:
    finding = Finding("E3030", "DataJobsQueue", "")
    assert open_findings([finding]) == [finding]


def test_an_entry_without_a_finding_is_stale() -> None:
    assert stale_entries([]) == list(ACCEPTED)
