"""Plain `pulumi` on the deployed stacks, with Pulumi's own language host."""

import os
import subprocess

import pytest

from cli import shell
from operations.deployed import Deployed
from orchestration.layers import LAYERS


@pytest.fixture(scope="module")
def variables(deployed: Deployed) -> dict[str, str]:
    """The variables of a shell that is set up for the deployed stacks."""
    changes = shell.prepare(deployed.environment)
    return {name: value for name, value in {**os.environ, **changes}.items() if value is not None}


@pytest.mark.parametrize("layer", [layer.name for layer in LAYERS])
def test_after_a_deployment_a_plain_preview_shows_no_change(
    deployed: Deployed, variables: dict[str, str], layer: str
) -> None:
    folder = deployed.environment.stack_folder(layer)
    done = subprocess.run(
        ["pulumi", "preview", "-C", folder, "-s", "local", "--expect-no-changes", "--non-interactive"],
        # A user may be in any folder.
        cwd="/",
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "unchanged" in done.stdout
    assert "warning" not in done.stdout + done.stderr
