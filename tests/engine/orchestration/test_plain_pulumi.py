"""The CLI without the tasks, on the deployed stacks, with Pulumi's own language host."""

import os
import subprocess

import pytest

from operations.deployed import DeployedPipeline
from orchestration import shell_variables
from orchestration.layers import LAYERS


@pytest.fixture(scope="module")
def variables(deployed: DeployedPipeline) -> dict[str, str]:
    """The variables of a shell for the deployed stacks."""
    changes = shell_variables.prepare_shell(deployed.environment)
    return {name: value for name, value in {**os.environ, **changes}.items() if value is not None}


@pytest.mark.parametrize("layer", [layer.name for layer in LAYERS])
def test_plain_preview_after_a_deployment_has_no_changes(
    deployed: DeployedPipeline, variables: dict[str, str], layer: str
) -> None:
    folder = deployed.environment.stack_folder(layer)
    process = subprocess.run(
        ["pulumi", "preview", "-C", folder, "-s", "local", "--expect-no-changes", "--non-interactive"],
        # The working directory must not matter.
        cwd="/",
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    assert "unchanged" in process.stdout
    assert "warning" not in process.stdout + process.stderr
