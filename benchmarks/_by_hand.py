"""`pulumi up --yes` on one layer of `local`, as by hand: `python -m benchmarks._by_hand LAYER`.

The Automation API stands in for the language plugin, in a process of its own for each run as by hand. What
a person would not wait for is left out: finding the CLI, checking its sum, looking after the embedded AWS.
"""

import sys
from collections.abc import Sequence

from pulumi.automation import LocalWorkspace

from local.emulator import Emulator
from orchestration import environments
from orchestration.pulumi import pulumi_cli
from orchestration.pulumi.command import ControlledCommand
from orchestration.pulumi.engine import LeanStack, StackInitMode
from orchestration.pulumi.program import Program
from orchestration.pulumi.variables import inherited_variables, pulumi_variables


class _ByHand(ControlledCommand):
    """The CLI with the preview that `up` has unless it is told otherwise."""

    def arguments(self, args: Sequence[str]) -> Sequence[str]:
        return [argument for argument in args if argument != "--skip-preview"]


def main(layer: str) -> None:
    """Run it once."""
    environment = environments.find(environments.LOCAL)
    cli = pulumi_cli.find(quiet=True)
    endpoint = Emulator(environment.state_folder).status()
    assert endpoint is not None
    command = _ByHand(cli.path, cli.version, inherited_variables(environment))
    workspace = LocalWorkspace(
        work_dir=str(environment.stack_folder(layer)),
        program=Program(environment.stack_folder(layer)),
        env_vars={**pulumi_variables(environment), **endpoint.environment()},
        pulumi_command=command,
    )
    LeanStack(environment.name, workspace, StackInitMode.SELECT).up(suppress_outputs=True)


if __name__ == "__main__":
    main(sys.argv[1])
