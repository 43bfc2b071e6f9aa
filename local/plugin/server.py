"""Serves the provider to the engine: the SDK's gRPC plumbing, with what it leaves out.

The SDK's servicer drops the old inputs of a diff and reports an exception by its class; here the first are
handed on, and the second is one clear line. The process ends with the engine, also when that was killed.
"""

import asyncio
import os
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, NamedTuple

import grpc  # type: ignore[import-untyped]
import grpc.aio  # type: ignore[import-untyped]
from pulumi.provider.experimental import server as sdk
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from local.plugin import archives
from local.plugin.errors import InitializationError, PluginError, error_code, one_line
from local.plugin.provider import OLD_INPUTS, LocalAwsProvider, own_type
from local.plugin.values import to_property_map

_METHODS = (
    "CheckConfig",
    "DiffConfig",
    "Configure",
    "Invoke",
    "Check",
    "Diff",
    "Create",
    "Read",
    "Update",
    "Delete",
)


_PROPERTY_FIELDS = ("properties", "inputs", "olds", "news", "old_inputs")


class _Status(NamedTuple):
    """What `abort_with_status` wants: a status with details of its own."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, bytes], ...]


class Servicer(sdk.ProviderServicer):
    """The SDK's servicer with old inputs in diffs and errors of one line."""

    async def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802 - the gRPC method's name
        """As the SDK's, with the old inputs beside the old state."""
        request.olds.fields[OLD_INPUTS].struct_value.CopyFrom(request.old_inputs)
        return await super().Diff(request, context)


def _reporting(name: str) -> Any:
    method = getattr(Servicer, name)

    async def call(self: Servicer, request: Any, context: Any) -> Any:
        _each_struct(request, archives.hide)
        try:
            return _each_struct(await method(self, request, context), archives.show)
        except InitializationError as error:
            await context.abort_with_status(_initialization_failed(error))
        except PluginError as error:
            await context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Exception as error:
            if not error_code(error):
                traceback.print_exc()
            subject = own_type(request.urn) if hasattr(request, "urn") else name
            await context.abort(grpc.StatusCode.UNKNOWN, one_line(subject, error))

    return call


for _name in _METHODS:
    setattr(Servicer, _name, _reporting(_name))


def _each_struct(message: Any, change: Callable[[Any], None]) -> Any:
    """Change the properties in a request or answer, in place."""
    for field in _PROPERTY_FIELDS:
        if hasattr(message, field):
            change(getattr(message, field))
    return message


def _initialization_failed(error: InitializationError) -> _Status:
    properties = PropertyValue.marshal_map(to_property_map(error.properties))
    archives.show(properties)
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id, properties=properties, reasons=[str(error)]
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(detail)
    metadata = (("grpc-status-details-bin", status.SerializeToString()),)
    return _Status(grpc.StatusCode.UNKNOWN, str(error), metadata)


def serve(arguments: list[str]) -> None:
    """Serve until the engine ends; prints the port first, as the engine expects.

    arguments: the engine's address and its logging flags.
    """
    # Known before the port is told: whoever reads that may end at once.
    parent = os.getppid()
    engine = next(argument for argument in arguments if not argument.startswith("-"))
    asyncio.run(_serve(arguments, engine, parent))


async def _serve(arguments: list[str], engine: str, parent: int) -> None:
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.aio.server(options=unlimited)
    servicer = Servicer(arguments, version("pulumi-aws"), LocalAwsProvider(os.environ), engine)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while os.getppid() == parent:
        await asyncio.sleep(1)
    await server.stop(grace=0)
