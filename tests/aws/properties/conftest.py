"""Templates of the environments; each environment's programs run once per test session."""

import pytest

from tests.aws.properties.template import Template, make_template
from tests.stacks.guarded import GUARDED
from tests.stacks.recording import RecordedProgram, run_layers

# The environments of the repository, and prod with the settings that limit the callers of the API.
GUARDED_PROD = "guarded"
ENVIRONMENTS = ("local", "dev", "staging", "prod", GUARDED_PROD)


@pytest.fixture(scope="session")
def programs() -> dict[str, dict[str, RecordedProgram]]:
    """The layers of every environment."""
    return {
        environment: run_layers("prod", GUARDED) if environment == GUARDED_PROD else run_layers(environment)
        for environment in ENVIRONMENTS
    }


@pytest.fixture(scope="session")
def templates(programs: dict[str, dict[str, RecordedProgram]]) -> dict[str, Template]:
    """The template of every environment."""
    return {environment: make_template(layers.values()) for environment, layers in programs.items()}
