"""Exceptions permit what they name, until they end."""

from dataclasses import replace
from datetime import date

import pytest

from policy.evaluation import Violation, check_all
from policy.exceptions import PERMANENT, RuleException, find_faults
from policy.resource import Resource
from policy.rule import RULES

TODAY = date(2026, 6, 1)
EXCEPTION = RuleException(
    rule="dynamodb-backups",
    resource="data/Table/trans*",
    environments=("local",),
    reason="Test data",
    until=TODAY,
)


def judge_table(
    exception: RuleException, *, name: str = "transactions", environment: str = "local"
) -> Violation:
    table = Resource("aws:dynamodb/table:Table", name, {}, "data", environment)
    judgements = check_all([table], exceptions=[exception], today=TODAY)
    return next(item for item in judgements if item.rule.id == EXCEPTION.rule)


@pytest.mark.parametrize("until", [TODAY, PERMANENT])
def test_valid_exception_permits_the_resource(until: date | None) -> None:
    exception = replace(EXCEPTION, until=until)
    assert judge_table(exception).exception == exception
    assert find_faults(RULES, TODAY, [exception]) == []


def test_exception_permits_no_other_name_or_environment() -> None:
    assert judge_table(EXCEPTION, name="profiles").exception is None
    assert judge_table(EXCEPTION, environment="prod").exception is None


@pytest.mark.parametrize(
    "faulty",
    [replace(EXCEPTION, until=date(2026, 5, 31)), replace(EXCEPTION, reason=" ")],
    ids=["ended", "no reason"],
)
def test_faulty_exception_is_reported_and_permits_nothing(faulty: RuleException) -> None:
    assert judge_table(faulty).exception is None
    assert len(find_faults(RULES, TODAY, [faulty])) == 1


def test_exception_from_an_unknown_rule_is_reported() -> None:
    assert len(find_faults(RULES, TODAY, [replace(EXCEPTION, rule="dynamodb-backup")])) == 1
