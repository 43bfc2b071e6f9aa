"""The pack hands resources of the engine to the rules."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policy import exceptions
from policy.exceptions import RuleException
from policy.pack import STACK_TYPE, validate_resource, validate_stack

QUEUE = "aws:sqs/queue:Queue"
PREFIX = "urn:pulumi:prod::fraud-data::"


def make_arguments(type_: str, properties: dict[str, Any]) -> Any:
    proxy = unknown_checking_proxy(properties)
    return SimpleNamespace(resource_type=type_, name="queue", urn=f"{PREFIX}{type_}::queue", props=proxy)


def report_resource(type_: str, properties: dict[str, Any]) -> list[str]:
    reports: list[str] = []

    def report(message: str, _urn: str | None = None) -> None:
        reports.append(message)

    validate_resource(make_arguments(type_, properties), report)
    return reports


def is_reported(rule: str, reports: list[str]) -> bool:
    return any(f" {rule}: " in report for report in reports)


def test_violation_is_reported_with_rule_reason_remedy_and_link() -> None:
    report = next(report for report in report_resource(QUEUE, {}) if " sqs-key: " in report)
    assert [line.split(":")[0] for line in report.splitlines()] == ["rule", "reason", "remedy", "link"]


def test_rule_waits_for_an_unknown_property_and_others_do_not() -> None:
    reports = report_resource(QUEUE, {"kmsMasterKeyId": UNKNOWN_STRING_VALUE})
    assert not is_reported("sqs-key", reports)
    assert is_reported("sqs-visibility-timeout", reports)


def test_stack_wide_violation_names_its_resource() -> None:
    reports: list[tuple[str, str | None]] = []

    def report(message: str, urn: str | None = None) -> None:
        reports.append((message, urn))

    stack: Any = SimpleNamespace(resources=[make_arguments(QUEUE, {"name": "queue"})])
    validate_stack(stack, report)
    assert any(" sqs-dead-letter-queue: " in message for message, _ in reports)
    assert {urn for _, urn in reports} == {f"{PREFIX}{QUEUE}::queue"}


def test_exception_past_its_end_fails_every_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = RuleException(
        rule="sqs-key", resource="*", environments=("prod",), reason="Later", until=date(2020, 1, 1)
    )
    assert report_resource(STACK_TYPE, {}) == []
    monkeypatch.setattr(exceptions, "EXCEPTIONS", (ended,))
    assert len(report_resource(STACK_TYPE, {})) == 1
