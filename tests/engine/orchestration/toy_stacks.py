"""Two small Pulumi projects of toy things, of which `second` reads what `first` gives."""

import json
import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.environments import LOCAL, ROOT, Environment
from orchestration.layers import Layer
from orchestration.pulumi.command import ControlledCommand
from orchestration.pulumi.engine import Engine, OnEvent, ignore_event
from orchestration.pulumi.pulumi_cli import Cli
from orchestration.pulumi.variables import inherited_variables
from orchestration.state.local import LocalState
from tests.engine.orchestration.toy_plugin import VERSION

FIRST = Layer("first", "toy-first")
SECOND = Layer("second", "toy-second", ("first",))

# Of the passphrase that `local` has everywhere.
SALT = "v1:jxOIN7qOhlU=:v1:j1YWnVVIBsrxqxMJ:G02NKBL/DJKyMnPrgUN+xzd5sDVr2w=="

FIRST_PROGRAM = f"""
import pulumi

config = pulumi.Config()
properties = {{"waits_for": config.get("waitsFor") or "", "fails": config.get("fails") or ""}}
options = pulumi.ResourceOptions(version="{VERSION}", protect=config.get_bool("protect"))
thing = pulumi.CustomResource("toy:index:Thing", "thing", properties, options)
if config.get_bool("broken"):
    raise KeyError("no such thing")
pulumi.export("thing", thing.id)
"""
SECOND_PROGRAM = """
import pulumi

first = pulumi.StackReference(f"organization/toy-first/{pulumi.get_stack()}")
pulumi.export("read", first.require_output("thing"))
"""


@dataclass(frozen=True)
class ToyStacks:
    """The projects below `root`, with the engine's state."""

    root: Path
    cli: Cli

    @classmethod
    def make(cls, root: Path, cli: Cli) -> "ToyStacks":
        """Write the projects and install the plugin."""
        stacks = cls(root, cli)
        for layer, program in ((FIRST, FIRST_PROGRAM), (SECOND, SECOND_PROGRAM)):
            folder = stacks.environment.stack_folder(layer.name)
            folder.mkdir(parents=True)
            (folder / "__main__.py").write_text(program)
            (folder / "Pulumi.yaml").write_text(f"name: {layer.project}\nruntime: python\n")
            stacks.configure(layer, {})
        stacks.state.make()
        plugin = root / f".local/pulumi-home/plugins/resource-toy-v{VERSION}/pulumi-resource-toy"
        plugin.parent.mkdir(parents=True)
        module = f"{shlex.quote(sys.executable)} -P -m tests.engine.orchestration.toy_plugin"
        plugin.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {module} "$@"\n')
        plugin.chmod(0o755)
        return stacks

    @property
    def environment(self) -> Environment:
        return Environment(LOCAL, self.root)

    @property
    def state(self) -> LocalState:
        return LocalState(self.root / ".local" / "pulumi")

    def configure(self, layer: Layer, settings: Mapping[str, str | bool]) -> None:
        """Write the layer's settings, with a comment, as people do."""
        lines = [f"  {layer.project}:{key}: {json.dumps(value)}" for key, value in settings.items()]
        text = "\n".join(["# Settings.", f"encryptionsalt: {SALT}", "config:", *lines, "  toy:unused: 1", ""])
        self.environment.settings_file(layer.name).write_text(text)

    def engine(self, on_event: OnEvent = ignore_event, **variables: str) -> Engine:
        """An engine of its own, as each command has."""
        command = ControlledCommand(self.cli.path, self.cli.version, inherited_variables(self.environment))
        return Engine(self.environment, command, aws=variables, on_event=on_event, all_layers=(FIRST, SECOND))

    def lock(self, layer: Layer) -> None:
        """Take the layer's lock, as an update elsewhere would."""
        path = self.root / f".local/pulumi/.pulumi/locks/organization/{layer.project}/{LOCAL}/0b1c.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        holder: dict[str, Any] = {"pid": os.getpid(), "username": "ann", "hostname": "laptop"}
        path.write_text(json.dumps({**holder, "timestamp": "2026-01-02T03:04:05Z"}))
