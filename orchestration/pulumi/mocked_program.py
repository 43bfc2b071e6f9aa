"""A layer's program under Pulumi's mocks, without an engine, an AWS account or a state.

As in the first preview of an empty environment, the outputs of declared resources are unknown.
"""

import asyncio
import contextvars
import json
import traceback
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
from orchestration.pulumi.errors import PROGRAM_HINT, LayerError
from orchestration.pulumi.program import Program

# Results of the calls that programs make without an Output.
_CALL_RESULTS: Mapping[str, Mapping[str, Any]] = {
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


def preview_outputs(environment: Environment, layer: Layer) -> dict[str, Any]:
    """Return the outputs of a layer's program. Outputs that are unknown before a deployment are None.

    The outputs of upstream layers are placeholders. Raises LayerError if the program fails.
    """
    return _run_layer(environment, layer, _EmptyAccount())


def list_declared_resources(environment: Environment, layer: Layer) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the type and the inputs of each resource in a layer's program. Raises LayerError."""
    account = _EmptyAccount()
    _run_layer(environment, layer, account)
    return account.resources


def run_with_mocks(
    declare: Callable[[], None],
    mocked: mocks.Mocks,
    monitor: mocks.MockMonitor,
    *,
    project: str,
    stack: str,
    config: Mapping[str, str],
    preview: bool = False,
) -> dict[str, Any]:
    """Run `declare` as the program of a stack and return its outputs; unknown outputs are None.

    Raises the exceptions of `declare` and of outputs. The caller's own Pulumi runtime does not change.
    """

    def run_in_context() -> dict[str, Any]:
        with _open_event_loop() as loop:
            mocks.set_mocks(
                mocked,
                project=project,
                stack=stack,
                organization="organization",
                preview=preview,
                monitor=monitor,
            )
            # `set_mocks` does not reset these, so outputs of a failed program would affect the next one.
            SETTINGS.outputs.clear()
            pulumi.runtime.set_all_config(dict(config))
            loop.run_until_complete(run_pulumi_func(declare))
            root: Any = get_root_resource()
            return {
                name: loop.run_until_complete(_await_output(output)) for name, output in root.outputs.items()
            }

    return contextvars.copy_context().run(run_in_context)


def read_config(environment: Environment, layer: str) -> dict[str, str]:
    """Return the settings of a layer in the format in which the engine passes them to a program."""
    values = yaml.safe_load(environment.settings_file(layer).read_text(encoding="utf-8"))["config"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


class _EmptyAccount(mocks.Mocks):
    """An AWS account without resources. `resources` are the types and inputs of declared resources."""

    def __init__(self) -> None:
        self.resources: list[tuple[str, Mapping[str, Any]]] = []

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        return dict(_CALL_RESULTS.get(args.token, {})), []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.resources.append((args.typ, dict(args.inputs)))
        return "", dict(args.inputs)


def _run_layer(environment: Environment, layer: Layer, account: _EmptyAccount) -> dict[str, Any]:
    program = Program(environment.stack_folder(layer.name), placeholders=frozenset(layer.depends_on))
    try:
        return run_with_mocks(
            program,
            account,
            mocks.MockMonitor(account),
            project=layer.project,
            stack=environment.name,
            config=read_config(environment, layer.name),
            preview=True,
        )
    except Exception as error:
        reason = program.describe_error() or " ".join(str(error).split())
        details = "".join(traceback.format_exception(error))
        raise LayerError(f"{layer.name}: {reason}", PROGRAM_HINT, details) from error


async def _await_output(output: Any) -> Any:
    return await pulumi.Output.from_input(output).future()


@contextmanager
def _open_event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Yield an event loop whose threads have loops, too: the SDK would create them and never close them."""
    loops: list[asyncio.AbstractEventLoop] = []

    def create_loop() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    create_loop()
    threads = ThreadPoolExecutor(initializer=create_loop)
    loops[0].set_default_executor(threads)
    # A failure also fails every awaiting task, and asyncio would report each of them.
    loops[0].set_exception_handler(lambda _loop, _context: None)
    try:
        yield loops[0]
    finally:
        threads.shutdown()
        asyncio.set_event_loop(None)
        for loop in loops:
            loop.close()
