"""Reference for the orchestration benchmark: `pulumi up --yes` on one layer.

Run it with `python -m benchmarks._plain_pulumi LAYER`.

The Automation API replaces the language plugin. Each run has its own process. The search for the CLI, the
check of its checksum and the care for the embedded AWS are not part of the measurement.
"""

import sys
from collections.abc import Sequence

from pulumi.automation import LocalWorkspace
from pulumi.automation._stack import StackInitMode

from local.emulator import Emulator
from orchestration import environments
from orchestration.pulumi import pulumi_cli
from orchestration.pulumi.command import ControlledCommand
from orchestration.pulumi.engine import LeanStack
from orchestration.pulumi.program import Program
from orchestration.pulumi.variables import inherited_variables, pulumi_variables


class _CommandWithPreview(ControlledCommand):
    """The CLI with the preview that `pulumi up` runs by default."""

    def arguments(self, args: Sequence[str]) -> Sequence[str]:
        return [argument for argument in args if argument != "--skip-preview"]


def main(layer: str) -> None:
    """Run `pulumi up` once."""
    environment = environments.find_environment(environments.LOCAL)
    cli = pulumi_cli.find_cli(quiet=True)
    endpoint = Emulator(environment.state_folder).status()
    assert endpoint is not None
    command = _CommandWithPreview(cli.path, cli.version, inherited_variables(environment))
    workspace = LocalWorkspace(
        work_dir=str(environment.stack_folder(layer)),
        program=Program(environment.stack_folder(layer)),
        env_vars={**pulumi_variables(environment), **endpoint.environment()},
        pulumi_command=command,
    )
    LeanStack(environment.name, workspace, StackInitMode.SELECT).up(suppress_outputs=True)


if __name__ == "__main__":
    main(sys.argv[1])
