"""What the stacks declare, against AWS's resource schemas (`cfn-lint`) and common security rules (`checkov`).

Both checkers run once for all tests of this file, which therefore stay in one process.
"""

from itertools import chain

import pytest

from tests.aws.properties import checkov
from tests.aws.properties.conftest import ENVIRONMENTS
from tests.aws.properties.conversions import CONVERSIONS, NO_COUNTERPART
from tests.aws.properties.findings import ACCEPTED, Finding, open_findings, stale_entries
from tests.aws.properties.linter import lint
from tests.aws.properties.mistakes import MISTAKES
from tests.aws.properties.references import short_type
from tests.aws.properties.seeding import Mistake, copy_prefix, make_mistakes
from tests.aws.properties.template import Template
from tests.stacks.recording import Program

Findings = dict[str, list[Finding]]
SEEDED = "seeded"


@pytest.fixture(scope="session")
def checked(programs: dict[str, dict[str, Program]], templates: dict[str, Template]) -> dict[str, Template]:
    """The environments' templates, and prod's with the seeded mistakes."""
    return {**templates, SEEDED: make_mistakes(programs["prod"], MISTAKES)}


@pytest.fixture(scope="session")
def linted(checked: dict[str, Template]) -> Findings:
    return {name: lint(template) for name, template in checked.items()}


@pytest.fixture(scope="session")
def scanned(checked: dict[str, Template], tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return checkov.check(checked, tmp_path_factory.mktemp("checkov"))


def test_every_conversion_is_of_a_type_that_a_layer_declares(programs: dict[str, dict[str, Program]]) -> None:
    layers = [layer for environment in programs.values() for layer in environment.values()]
    declared = {short_type(resource) for layer in layers for resource in layer.resources}
    assert (CONVERSIONS.keys() | NO_COUNTERPART.keys()) - declared == set()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_declared_properties_pass_cfn_lint(linted: Findings, environment: str) -> None:
    assert open_findings(linted[environment]) == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_declared_properties_pass_checkov(scanned: Findings, environment: str) -> None:
    assert open_findings(scanned[environment]) == []


def test_every_accepted_finding_is_still_found(linted: Findings, scanned: Findings) -> None:
    findings = (found[environment] for found in (linted, scanned) for environment in ENVIRONMENTS)
    assert stale_entries(chain.from_iterable(findings)) == []


def test_every_accepted_finding_has_a_reason() -> None:
    assert all(entry.reason for entry in ACCEPTED)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.title)
def test_a_seeded_mistake_is_found(mistake: Mistake, linted: Findings, scanned: Findings) -> None:
    prefix = copy_prefix(MISTAKES.index(mistake))
    found = {
        finding.rule for finding in linted[SEEDED] + scanned[SEEDED] if finding.resource.startswith(prefix)
    }
    assert mistake.rule in found
