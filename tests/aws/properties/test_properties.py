"""Checks of the registered resources with AWS's schemas (`cfn-lint`) and security rules (`checkov`).

Both checkers run once for all tests of this file, so the tests run in one process.
"""

from itertools import chain

import pytest

from tests.aws.properties import checkov
from tests.aws.properties.conftest import ENVIRONMENTS
from tests.aws.properties.conversions import CONVERSIONS, NO_COUNTERPART
from tests.aws.properties.findings import ACCEPTED, Finding, find_open, find_stale
from tests.aws.properties.linter import lint_template
from tests.aws.properties.mistakes import MISTAKES
from tests.aws.properties.references import short_type
from tests.aws.properties.seeding import Mistake, copy_prefix, make_mistakes
from tests.aws.properties.template import Template
from tests.stacks.recording import RecordedProgram

Findings = dict[str, list[Finding]]
SEEDED = "seeded"


@pytest.fixture(scope="session")
def checked_templates(
    programs: dict[str, dict[str, RecordedProgram]], templates: dict[str, Template]
) -> dict[str, Template]:
    """The templates of the environments, and the template of prod with the seeded mistakes."""
    return {**templates, SEEDED: make_mistakes(programs["prod"], MISTAKES)}


@pytest.fixture(scope="session")
def linter_findings(checked_templates: dict[str, Template]) -> Findings:
    return {name: lint_template(template) for name, template in checked_templates.items()}


@pytest.fixture(scope="session")
def checkov_findings(
    checked_templates: dict[str, Template], tmp_path_factory: pytest.TempPathFactory
) -> Findings:
    return checkov.run_checkov(checked_templates, tmp_path_factory.mktemp("checkov"))


def test_every_conversion_is_for_a_registered_type(
    programs: dict[str, dict[str, RecordedProgram]],
) -> None:
    layers = [layer for environment in programs.values() for layer in environment.values()]
    declared = {short_type(resource) for layer in layers for resource in layer.resources}
    assert (CONVERSIONS.keys() | NO_COUNTERPART.keys()) - declared == set()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_properties_pass_cfn_lint(linter_findings: Findings, environment: str) -> None:
    assert find_open(linter_findings[environment]) == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_properties_pass_checkov(checkov_findings: Findings, environment: str) -> None:
    assert find_open(checkov_findings[environment]) == []


def test_every_accepted_finding_is_still_found(linter_findings: Findings, checkov_findings: Findings) -> None:
    findings = (
        checker_findings[environment]
        for checker_findings in (linter_findings, checkov_findings)
        for environment in ENVIRONMENTS
    )
    assert find_stale(chain.from_iterable(findings)) == []


def test_every_accepted_finding_has_a_reason() -> None:
    assert all(entry.reason for entry in ACCEPTED)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.title)
def test_seeded_mistake_is_detected(
    mistake: Mistake, linter_findings: Findings, checkov_findings: Findings
) -> None:
    prefix = copy_prefix(MISTAKES.index(mistake))
    rules = {
        finding.rule
        for finding in linter_findings[SEEDED] + checkov_findings[SEEDED]
        if finding.resource.startswith(prefix)
    }
    assert mistake.rule in rules
