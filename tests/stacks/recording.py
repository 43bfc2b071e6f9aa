"""Runs of a layer's real `__main__.py` under Pulumi's mocks, with a record of the registered resources.

The layers form a chain as in a deployment: a StackReference returns the outputs of the upstream program, so a
contract that is not fulfilled fails here.
"""

import json
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi.runtime import mocks, rpc

from orchestration.environments import Environment
from orchestration.pulumi import mocked_program
from orchestration.pulumi.mocked_program import run_with_mocks
from shared.projects import PROJECTS
from tests.stacks.mocked_aws import MockedAws

ROOT = Path(__file__).resolve().parents[2]
UPSTREAM = {project.layer: project.depends_on for project in PROJECTS}


@dataclass(frozen=True)
class RecordedResource:
    """A registered resource: its inputs in camelCase, and the options that tests check."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    protect: bool
    retain: bool
    parent: str
    dependencies: tuple[str, ...]

    def __getitem__(self, key: str) -> Any:
        return self.inputs[key]

    def document(self, key: str = "policy") -> Any:
        """Parse an input that is JSON."""
        return json.loads(self.inputs[key])

    def statements(self, key: str = "policy") -> dict[str, Any]:
        """The statements of an input that is a policy, by statement ID."""
        return {statement["Sid"]: statement for statement in self.document(key)["Statement"]}


@dataclass
class RecordedProgram:
    """The resources and outputs of one layer's program."""

    layer: str
    resources: list[RecordedResource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def find_all(self, type_: str) -> list[RecordedResource]:
        """The resources of an AWS type such as `sqs/queue:Queue`."""
        return [resource for resource in self.resources if resource.type == f"aws:{type_}"]

    def find_one(self, type_: str, name: str | None = None) -> RecordedResource:
        """The only resource of an AWS type, or the only one with a logical name."""
        matches = [resource for resource in self.find_all(type_) if name in (None, resource.name)]
        assert len(matches) == 1, f"{type_} {name}: {[resource.name for resource in self.find_all(type_)]}"
        return matches[0]


class _Monitor(mocks.MockMonitor):
    """Records the resource options, which mocks do not receive."""

    def __init__(self, aws: MockedAws, program: RecordedProgram) -> None:
        super().__init__(aws)
        self._program = program

    def RegisterResource(self, request: Any) -> Any:
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type != "pulumi:pulumi:Stack":
            inputs = rpc.deserialize_properties(request.object)
            self._program.resources.append(
                RecordedResource(
                    type=request.type,
                    name=request.name,
                    inputs=inputs,
                    protect=request.protect,
                    retain=request.retainOnDelete,
                    parent=request.parent.rsplit("::", 1)[-1],
                    dependencies=tuple(urn.split("::", 2)[2] for urn in request.dependencies),
                )
            )
        return response


def read_config(layer: str, environment: str, root: Path = ROOT) -> dict[str, str]:
    """The settings of a layer in the form that the engine passes to its program."""
    return mocked_program.read_config(Environment(environment, root), layer)


def run_program(
    layer: str,
    environment: str,
    upstream: Mapping[str, RecordedProgram],
    config: Mapping[str, str] | None = None,
) -> RecordedProgram:
    """Run the program of a layer. `config` overrides the settings file of the environment."""
    references = {
        f"organization/fraud-{name}/{environment}": program.outputs for name, program in upstream.items()
    }
    values = {**read_config(layer, environment), **(config or {})}
    return record_program(
        lambda: _execute_main(layer),
        layer=layer,
        environment=environment,
        config=values,
        references=references,
    )


def record_program(
    declare: Callable[[], None],
    *,
    layer: str = "test",
    environment: str = "test",
    config: Mapping[str, str] | None = None,
    references: Mapping[str, dict[str, Any]] | None = None,
    preview: bool = False,
) -> RecordedProgram:
    """Record the resources and outputs of `declare`. Raises the error of `declare` or of an Output."""
    program = RecordedProgram(layer)
    aws = MockedAws(references or {})
    program.outputs = run_with_mocks(
        declare,
        aws,
        _Monitor(aws, program),
        project=f"fraud-{layer}",
        stack=environment,
        config=config or {},
        preview=preview,
    )
    program.resources.sort(key=lambda resource: (resource.type, resource.name))
    return program


def _execute_main(layer: str) -> None:
    runpy.run_path(str(ROOT / "stacks" / layer / "__main__.py"), run_name=f"{layer}.__main__")


def run_layers(environment: str, config: Mapping[str, str] | None = None) -> dict[str, RecordedProgram]:
    """Run the programs of all layers of an environment, in the order of deployment."""
    programs: dict[str, RecordedProgram] = {}
    for layer, depends_on in UPSTREAM.items():
        layer_config = {
            key: text for key, text in (config or {}).items() if key.startswith(f"fraud-{layer}:")
        }
        programs[layer] = run_program(
            layer, environment, {name: programs[name] for name in depends_on}, layer_config
        )
    return programs
