"""Two small Pulumi projects with resources of `sample_plugin`. `second` reads an output of `first`."""

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
from orchestration.pulumi.engine import Engine, EventHandler, ignore_event
from orchestration.pulumi.pulumi_cli import PulumiCli
from orchestration.pulumi.variables import inherited_variables
from orchestration.state.local import LocalState
from tests.engine.orchestration.sample_plugin import VERSION

FIRST = Layer("first", "sample-first")
SECOND = Layer("second", "sample-second", ("first",))

# The salt of the passphrase of `local`.
SALT = "v1:jxOIN7qOhlU=:v1:j1YWnVVIBsrxqxMJ:G02NKBL/DJKyMnPrgUN+xzd5sDVr2w=="

FIRST_PROGRAM = f"""
import pulumi

config = pulumi.Config()
properties = {{"waits_for": config.get("waitsFor") or "", "fails": config.get("fails") or ""}}
options = pulumi.ResourceOptions(version="{VERSION}", protect=config.get_bool("protect"))
thing = pulumi.CustomResource("sample:index:Thing", "thing", properties, options)
if config.get_bool("broken"):
    raise KeyError("no such thing")
pulumi.export("thing", thing.id)
"""
SECOND_PROGRAM = """
import pulumi

first = pulumi.StackReference(f"organization/sample-first/{pulumi.get_stack()}")
pulumi.export("read", first.require_output("thing"))
"""


@dataclass(frozen=True)
class SampleStacks:
    """The projects below `root`, with their state."""

    root: Path
    cli: PulumiCli

    @classmethod
    def create(cls, root: Path, cli: PulumiCli) -> "SampleStacks":
        """Write the projects and install the plugin."""
        stacks = cls(root, cli)
        for layer, program in ((FIRST, FIRST_PROGRAM), (SECOND, SECOND_PROGRAM)):
            folder = stacks.environment.stack_folder(layer.name)
            folder.mkdir(parents=True)
            (folder / "__main__.py").write_text(program)
            (folder / "Pulumi.yaml").write_text(f"name: {layer.project}\nruntime: python\n")
            stacks.configure(layer, {})
        stacks.state.create_folder()
        plugin = root / f".local/pulumi-home/plugins/resource-sample-v{VERSION}/pulumi-resource-sample"
        plugin.parent.mkdir(parents=True)
        module = f"{shlex.quote(sys.executable)} -P -m tests.engine.orchestration.sample_plugin"
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
        """Write the layer's settings, with a comment."""
        lines = [f"  {layer.project}:{key}: {json.dumps(value)}" for key, value in settings.items()]
        text = "\n".join(
            ["# Settings.", f"encryptionsalt: {SALT}", "config:", *lines, "  sample:unused: 1", ""]
        )
        self.environment.settings_file(layer.name).write_text(text)

    def engine(self, on_event: EventHandler = ignore_event, **variables: str) -> Engine:
        """Return a new engine."""
        command = ControlledCommand(self.cli.path, self.cli.version, inherited_variables(self.environment))
        return Engine(self.environment, command, aws=variables, on_event=on_event)

    def lock(self, layer: Layer) -> None:
        """Lock the layer like an update on another machine."""
        path = self.root / f".local/pulumi/.pulumi/locks/organization/{layer.project}/{LOCAL}/0b1c.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        holder: dict[str, Any] = {"pid": os.getpid(), "username": "ann", "hostname": "laptop"}
        path.write_text(json.dumps({**holder, "timestamp": "2026-01-02T03:04:05Z"}))
