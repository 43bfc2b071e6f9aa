"""The engine with one layer's program as it was in another commit: its code, settings and requirements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import yaml

from local.plugin.install import install
from orchestration import local_aws
from orchestration.environments import Environment
from orchestration.git import Git, short
from orchestration.layers import Layer
from orchestration.pulumi import pulumi_cli
from orchestration.pulumi.engine import Engine, OnEvent, ignore_event
from orchestration.pulumi.program_client import Host, HostedCommand, HostedProgram, hosted
from orchestration.pulumi.variables import inherited_variables
from orchestration.pulumi.venv import interpreter, version_of
from orchestration.rollback.worktree import TREE, checked_out
from terminal.errors import UserError

EngineOf = Callable[[Environment, Host], Engine]


@contextmanager
def at_commit(
    environment: Environment, layer: Layer, commit: str, git: Git, engine_of: EngineOf
) -> Iterator[Engine]:
    """An engine whose program for `layer` is that commit's; nothing of it is left afterwards.

    Raises UserError where the commit has no such layer, or its requirements cannot be installed.
    """
    with checked_out(git, commit) as scratch:
        tree = scratch / TREE
        then = replace(environment, code=tree)
        _refuse_without_layer(then, layer, commit)
        _refuse_another_project(then, layer, commit)
        python = interpreter(git.root, tree, commit, scratch)
        with hosted(layer, tree, python=python, scratch=scratch) as host:
            yield engine_of(then, host)


def open_engine(environment: Environment, host: Host, on_event: OnEvent = ignore_event) -> Engine:
    """The engine of an environment with another tree's code, ready to act with the program of a host."""
    cli = pulumi_cli.find()
    if environment.is_local:
        # Refuses what `prepare` would start afresh, and with it all that could be gone back to.
        local_aws.resume(environment)
    aws = local_aws.prepare(environment, changing=True)
    if environment.is_local and (version := version_of("pulumi-aws", environment.tree)):
        # The engine asks for the plugin of the version that the program was written for.
        install(environment.state_folder / "pulumi-home", version)
    command = HostedCommand(cli.path, cli.version, inherited_variables(environment), host)
    return Engine(
        environment, command, aws=aws, on_event=on_event, program_of=lambda folder, _: program(folder, host)
    )


def program(folder: Path, host: Host) -> HostedProgram:
    """The program of a stack's folder as the engine knows it."""
    return HostedProgram(folder, host)


def _refuse_without_layer(then: Environment, layer: Layer, commit: str) -> None:
    folder = then.stack_folder(layer.name)
    for path in (folder / "__main__.py", then.settings_file(layer.name), folder / "Pulumi.yaml"):
        if not path.exists():
            raise UserError(
                f"Commit {short(commit)} has no {path.relative_to(then.tree)}.", "Nothing was changed."
            )


def _refuse_another_project(then: Environment, layer: Layer, commit: str) -> None:
    """A project of another name has stacks of its own: everything would be made anew beside what is there."""
    settings = yaml.safe_load((then.stack_folder(layer.name) / "Pulumi.yaml").read_text(encoding="utf-8"))
    if settings["name"] != layer.project:
        raise UserError(
            f"In commit {short(commit)} the project of {layer.name} was {settings['name']}, not"
            f" {layer.project}, and its stacks were others.",
            "Nothing was changed.",
        )
