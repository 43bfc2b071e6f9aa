"""Engine with the program of one layer at another commit: its code, settings and requirements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import yaml

from local.plugin.install import install_provider
from orchestration import local_aws
from orchestration.environments import Environment
from orchestration.git import Git, shorten_commit
from orchestration.layers import Layer
from orchestration.pulumi import pulumi_cli
from orchestration.pulumi.engine import Engine, EventHandler, ignore_event
from orchestration.pulumi.program_client import (
    ProgramServer,
    ServedProgram,
    ServedProgramCommand,
    serve_program,
)
from orchestration.pulumi.variables import inherited_variables
from orchestration.pulumi.venv import find_pinned_version, prepare_interpreter
from orchestration.rollback.worktree import TREE, check_out
from terminal.errors import UserError

OpenEngine = Callable[[Environment, ProgramServer], Engine]


@contextmanager
def engine_at_commit(
    environment: Environment, layer: Layer, commit: str, git: Git, open_engine: OpenEngine
) -> Iterator[Engine]:
    """Yield an engine that runs the layer's program of the commit, and remove its files afterwards.

    Raises UserError if the commit lacks the layer, or if its requirements cannot be installed.
    """
    with check_out(git, commit) as scratch:
        tree = scratch / TREE
        at_commit = replace(environment, code=tree)
        _check_files(at_commit, layer, commit)
        _check_project(at_commit, layer, commit)
        python = prepare_interpreter(git.root, tree, commit, scratch)
        with serve_program(layer, tree, python=python, scratch=scratch) as server:
            yield open_engine(at_commit, server)


def open_engine(
    environment: Environment, server: ProgramServer, on_event: EventHandler = ignore_event
) -> Engine:
    """Open the engine of an environment with the program of a server."""
    cli = pulumi_cli.find_cli()
    if environment.is_local:
        # Refuses a state that the preparation would discard together with all versions to restore.
        local_aws.resume_emulator(environment)
    aws = local_aws.prepare_emulator(environment, changing=True)
    if environment.is_local and (version := find_pinned_version("pulumi-aws", environment.tree)):
        # The engine requires the plugin version that the program was written for.
        install_provider(environment.state_folder / "pulumi-home", version)
    command = ServedProgramCommand(cli.path, cli.version, inherited_variables(environment), server)
    return Engine(
        environment,
        command,
        aws=aws,
        on_event=on_event,
        create_program=lambda folder, _: ServedProgram(folder, server),
    )


def _check_files(at_commit: Environment, layer: Layer, commit: str) -> None:
    folder = at_commit.stack_folder(layer.name)
    for path in (folder / "__main__.py", at_commit.settings_file(layer.name), folder / "Pulumi.yaml"):
        if not path.exists():
            raise UserError(
                f"Commit {shorten_commit(commit)} has no {path.relative_to(at_commit.tree)}.",
                "Nothing was changed. Choose a version of a commit that has it.",
            )


def _check_project(at_commit: Environment, layer: Layer, commit: str) -> None:
    """A project with another name has other stacks: every resource would be created a second time."""
    path = at_commit.stack_folder(layer.name) / "Pulumi.yaml"
    name = yaml.safe_load(path.read_text(encoding="utf-8"))["name"]
    if name != layer.project:
        raise UserError(
            f"In commit {shorten_commit(commit)}, {layer.name} is the project {name}, not {layer.project}.",
            "Nothing was changed. Choose a version of a commit with the same project.",
        )
