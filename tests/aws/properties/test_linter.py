"""Findings of cfn-lint, by resource."""

from tests.aws.properties.linter import lint_template


def test_same_mistake_in_two_resources_is_found_in_both() -> None:
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 8}}
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"First": group, "Second": group}}
    findings = {(finding.rule, finding.resource) for finding in lint_template(template)}
    assert {("E3030", "First"), ("E3030", "Second")} <= findings
