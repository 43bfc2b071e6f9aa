"""The programs of every environment comply with the rules of the policy pack."""

import pytest

import policy.rules  # noqa: F401 - registers the rules
from orchestration.environments import ENVIRONMENT_NAMES
from policy.evaluation import Violation, check_all
from policy.exceptions import EXCEPTIONS, RuleException
from policy.resource import Resource
from tests.stacks.guarded import SIGNED
from tests.stacks.recording import run_layers

FIREWALL = {"fraud-edge:firewallRequestsPerMinute": "3000"}


def check_programs(environment: str, config: dict[str, str] | None = None) -> list[Violation]:
    return [
        violation
        for layer, program in run_layers(environment, config).items()
        for violation in check_all(
            Resource(resource.type, resource.name, resource.inputs, layer, environment)
            for resource in program.resources
        )
    ]


def refused(violations: list[Violation]) -> list[tuple[str, str]]:
    return [(item.rule.id, item.resource.path) for item in violations if item.exception is None]


@pytest.fixture(scope="module")
def judgements() -> dict[str, list[Violation]]:
    return {environment: check_programs(environment) for environment in ENVIRONMENT_NAMES}


@pytest.mark.parametrize("environment", ENVIRONMENT_NAMES)
def test_programs_comply_with_every_rule(judgements: dict[str, list[Violation]], environment: str) -> None:
    assert refused(judgements[environment]) == []


@pytest.mark.parametrize("settings", [FIREWALL, SIGNED], ids=["firewall", "code signing"])
def test_optional_settings_comply_with_every_rule(settings: dict[str, str]) -> None:
    assert refused(check_programs("prod", settings)) == []


@pytest.mark.parametrize("exception", EXCEPTIONS, ids=lambda entry: f"{entry.rule} {entry.resource}")
def test_exception_is_needed_in_each_of_its_environments(
    judgements: dict[str, list[Violation]], exception: RuleException
) -> None:
    users = {
        environment
        for environment, violations in judgements.items()
        if any(item.exception == exception for item in violations)
    }
    assert users == set(exception.environments)
