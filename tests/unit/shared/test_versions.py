"""The versions of Pulumi and Python."""

from importlib.metadata import version

import pytest
import yaml

from orchestration.environments import ROOT
from shared.projects import PROJECTS


def test_C13_pulumi_has_major_version_3() -> None:
    pinned = (ROOT / "requirements" / "dev.in").read_text().splitlines()
    assert f"pulumi=={version('pulumi')}" in pinned
    assert version("pulumi").startswith("3.")


@pytest.mark.parametrize("layer", [project.layer for project in PROJECTS])
def test_C13_every_layer_is_a_python_program(layer: str) -> None:
    project = yaml.safe_load((ROOT / "stacks" / layer / "Pulumi.yaml").read_text())
    assert project["runtime"]["name"] == "python"
    assert (ROOT / "stacks" / layer / "__main__.py").is_file()
