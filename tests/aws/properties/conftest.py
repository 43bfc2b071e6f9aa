"""Templates of the environments; each environment's programs run once per test session."""

import pytest

from tests.aws.properties.template import Template, make_template
from tests.stacks.guarded import GUARDED, SIGNED
from tests.stacks.recording import RecordedProgram, run_layers

# Prod with settings that no environment of the repository has.
_FURTHER_SETTINGS = {"guarded": GUARDED, "signed": SIGNED}
ENVIRONMENTS = ("local", "dev", "staging", "prod", *_FURTHER_SETTINGS)


@pytest.fixture(scope="session")
def programs() -> dict[str, dict[str, RecordedProgram]]:
    """The layers of every environment."""
    return {
        environment: run_layers("prod", _FURTHER_SETTINGS[environment])
        if environment in _FURTHER_SETTINGS
        else run_layers(environment)
        for environment in ENVIRONMENTS
    }


@pytest.fixture(scope="session")
def templates(programs: dict[str, dict[str, RecordedProgram]]) -> dict[str, Template]:
    """The template of every environment."""
    return {environment: make_template(layers.values()) for environment, layers in programs.items()}
