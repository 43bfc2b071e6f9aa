"""Runs a layer's program under Pulumi's mocks: without an engine, an AWS account or any state.

As in the first preview of an empty environment nothing is known of what it declares, so no value is made up.
"""

import asyncio
import contextvars
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pulumi
import yaml
from pulumi.runtime import mocks
from pulumi.runtime.settings import SETTINGS, get_root_resource
from pulumi.runtime.stack import run_pulumi_func

from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.pulumi.program import Program
from terminal.errors import UserError

# What programs ask AWS while they run, rather than in an Output.
_ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "000000000000"},
    "aws:index/getRegion:getRegion": {"region": "us-east-1"},
    "aws:index/getPartition:getPartition": {"partition": "aws"},
    "aws:index/getAvailabilityZones:getAvailabilityZones": {
        "names": ["us-east-1a", "us-east-1b", "us-east-1c"],
        "zoneIds": ["use1-az1", "use1-az2", "use1-az4"],
    },
    "aws:ec2/getVpcEndpointService:getVpcEndpointService": {
        "availabilityZones": ["us-east-1a", "us-east-1b", "us-east-1c"],
    },
}


def outputs_of(environment: Environment, layer: Layer) -> dict[str, Any]:
    """The outputs of a layer's program, as far as they are known before anything is deployed.

    Placeholders stand in for the layers that it reads. Raises `UserError` where the program fails.
    """
    return _run(environment, layer, _Nothing())


def _run(environment: Environment, layer: Layer, mocked: "_Nothing") -> dict[str, Any]:
    program = Program(environment.stack_folder(layer.name), placeholders=frozenset(layer.depends_on))
    try:
        return run(
            program,
            mocked,
            mocks.MockMonitor(mocked),
            project=layer.project,
            stack=environment.name,
            config=read_config(environment, layer.name),
            preview=True,
        )
    except Exception as error:
        reason = program.explanation() or str(error)
        raise UserError(f"The program of {layer.name} failed: {reason}") from error


def declared(environment: Environment, layer: Layer) -> list[tuple[str, Mapping[str, Any]]]:
    """The type and the inputs of each resource that a layer's program declares, as `outputs_of` runs it."""
    mocked = _Nothing()
    _run(environment, layer, mocked)
    return mocked.resources


def run(
    declare: Callable[[], None],
    mocked: mocks.Mocks,
    monitor: mocks.MockMonitor,
    *,
    project: str,
    stack: str,
    config: Mapping[str, str],
    preview: bool = False,
) -> dict[str, Any]:
    """Run `declare` as a program of the stack, and return its outputs; what is not known is None.

    Raises what it, or an Output, fails with. The caller's own Pulumi runtime, if any, is left as it is.
    """

    def isolated() -> dict[str, Any]:
        with _event_loop() as loop:
            mocks.set_mocks(
                mocked,
                project=project,
                stack=stack,
                organization="organization",
                preview=preview,
                monitor=monitor,
            )
            # Mocks leave these to be shared: a program that failed would leave its own to the next.
            SETTINGS.outputs.clear()
            pulumi.runtime.set_all_config(dict(config))
            loop.run_until_complete(run_pulumi_func(declare))
            root: Any = get_root_resource()
            return {name: loop.run_until_complete(_value(output)) for name, output in root.outputs.items()}

    return contextvars.copy_context().run(isolated)


def read_config(environment: Environment, layer: str) -> dict[str, str]:
    """The settings of a layer as the engine hands them to its program."""
    values = yaml.safe_load(environment.settings_file(layer).read_text(encoding="utf-8"))["config"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


class _Nothing(mocks.Mocks):
    """An AWS that has made nothing yet. `resources` are those that it was asked for."""

    def __init__(self) -> None:
        self.resources: list[tuple[str, Mapping[str, Any]]] = []

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        return dict(_ANSWERS.get(args.token, {})), []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.resources.append((args.typ, dict(args.inputs)))
        return "", dict(args.inputs)


async def _value(output: Any) -> Any:
    return await pulumi.Output.from_input(output).future()


@contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that leaves nothing behind: in its threads the SDK would make others, and close none."""
    loops: list[asyncio.AbstractEventLoop] = []

    def of_thread() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    of_thread()
    threads = ThreadPoolExecutor(initializer=of_thread)
    loops[0].set_default_executor(threads)
    # What fails makes all that waits for it fail as well, of which asyncio would tell the user one by one.
    loops[0].set_exception_handler(lambda _loop, _context: None)
    try:
        yield loops[0]
    finally:
        threads.shutdown()
        asyncio.set_event_loop(None)
        for loop in loops:
            loop.close()
