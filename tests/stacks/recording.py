"""Runs a layer's real `__main__.py` under Pulumi's mocks, and keeps what it registered.

Layers are chained as in a deployment: a program's StackReference answers with what the program of that layer
exported, so a contract that does not fit shows here.
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
from orchestration.pulumi.mocked_program import run
from shared.projects import PROJECTS
from tests.stacks.mocked_aws import MockedAws

ROOT = Path(__file__).resolve().parents[2]
UPSTREAM = {project.layer: project.depends_on for project in PROJECTS}


@dataclass(frozen=True)
class Recorded:
    """One resource as it was registered: inputs in AWS's camelCase, and the options that matter."""

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
        """An input that is JSON, parsed."""
        return json.loads(self.inputs[key])

    def statements(self, key: str = "policy") -> dict[str, Any]:
        """The statements of an input that is a policy, by Sid."""
        return {statement["Sid"]: statement for statement in self.document(key)["Statement"]}


@dataclass
class Program:
    """What one layer's program registered and exported."""

    layer: str
    resources: list[Recorded] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def all(self, type_: str) -> list[Recorded]:
        """Every resource of an AWS type such as `sqs/queue:Queue`."""
        return [resource for resource in self.resources if resource.type == f"aws:{type_}"]

    def one(self, type_: str, name: str | None = None) -> Recorded:
        """The only resource of an AWS type, or the one with that logical name."""
        found = [resource for resource in self.all(type_) if name in (None, resource.name)]
        assert len(found) == 1, f"{type_} {name}: {[resource.name for resource in self.all(type_)]}"
        return found[0]


class _Monitor(mocks.MockMonitor):
    """Keeps the options too, which mocks are not told of."""

    def __init__(self, aws: MockedAws, program: Program) -> None:
        super().__init__(aws)
        self._program = program

    def RegisterResource(self, request: Any) -> Any:
        answer = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type != "pulumi:pulumi:Stack":
            inputs = rpc.deserialize_properties(request.object)
            self._program.resources.append(
                Recorded(
                    type=request.type,
                    name=request.name,
                    inputs=inputs,
                    protect=request.protect,
                    retain=request.retainOnDelete,
                    parent=request.parent.rsplit("::", 1)[-1],
                    dependencies=tuple(urn.split("::", 2)[2] for urn in request.dependencies),
                )
            )
        return answer


def read_config(layer: str, environment: str, root: Path = ROOT) -> dict[str, str]:
    """The settings of a layer as the engine hands them to its program."""
    return mocked_program.read_config(Environment(environment, root), layer)


def run_program(
    layer: str, environment: str, upstream: Mapping[str, Program], config: Mapping[str, str] | None = None
) -> Program:
    """Run the program of a layer; `config` goes before what the environment's file says."""
    references = {f"organization/fraud-{name}/{environment}": of.outputs for name, of in upstream.items()}
    values = {**read_config(layer, environment), **(config or {})}
    return record(
        lambda: _run_main(layer), layer=layer, environment=environment, config=values, references=references
    )


def record(
    declare: Callable[[], None],
    *,
    layer: str = "test",
    environment: str = "test",
    config: Mapping[str, str] | None = None,
    references: Mapping[str, dict[str, Any]] | None = None,
    preview: bool = False,
) -> Program:
    """What `declare` registers, by type and name, and exports. Raises what it, or an Output, fails with."""
    program = Program(layer)
    aws = MockedAws(references or {})
    program.outputs = run(
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


def _run_main(layer: str) -> None:
    runpy.run_path(str(ROOT / "stacks" / layer / "__main__.py"), run_name=f"{layer}.__main__")


def run_layers(environment: str, config: Mapping[str, str] | None = None) -> dict[str, Program]:
    """Every layer's program of an environment, in order."""
    programs: dict[str, Program] = {}
    for layer, needs in UPSTREAM.items():
        own = {key: text for key, text in (config or {}).items() if key.startswith(f"fraud-{layer}:")}
        programs[layer] = run_program(layer, environment, {name: programs[name] for name in needs}, own)
    return programs
