"""The gRPC server of the provider, based on the SDK's servicer.

The SDK's servicer drops the old inputs of a diff and reports exceptions by their class. This server passes on
the old inputs and reports exceptions as one line. The process ends with the engine, even if the engine is
killed.
"""

import asyncio
import gc
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

from local.plugin.errors import InitializationError, PluginError, error_code, format_error
from local.plugin.provider import OLD_INPUTS, LocalAwsProvider, own_type
from local.plugin.values import mark_archives, restore_archives, to_property_map

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
    """The argument of `abort_with_status`: a status with details."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, bytes], ...]


class Servicer(sdk.ProviderServicer):
    """The SDK's servicer with old inputs in diffs and errors of one line."""

    async def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802 (name of the gRPC method)
        """Add the old inputs to the old state."""
        request.olds.fields[OLD_INPUTS].struct_value.CopyFrom(request.old_inputs)
        return await super().Diff(request, context)


def _with_error_reports(name: str) -> Any:
    method = getattr(Servicer, name)

    async def call_method(self: Servicer, request: Any, context: Any) -> Any:
        _convert_properties(request, mark_archives)
        try:
            return _convert_properties(await method(self, request, context), restore_archives)
        except InitializationError as error:
            await context.abort_with_status(_initialization_status(error))
        except PluginError as error:
            await context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Exception as error:
            if not error_code(error):
                traceback.print_exc()
            subject = own_type(request.urn) if hasattr(request, "urn") else name
            await context.abort(grpc.StatusCode.UNKNOWN, format_error(subject, error))

    return call_method


for _name in _METHODS:
    setattr(Servicer, _name, _with_error_reports(_name))


def _convert_properties(message: Any, convert: Callable[[Any], None]) -> Any:
    """Convert the properties in a request or response in place."""
    for field in _PROPERTY_FIELDS:
        if hasattr(message, field):
            convert(getattr(message, field))
    return message


def _initialization_status(error: InitializationError) -> _Status:
    properties = PropertyValue.marshal_map(to_property_map(error.properties))
    restore_archives(properties)
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id, properties=properties, reasons=[str(error)]
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(detail)
    metadata = (("grpc-status-details-bin", status.SerializeToString()),)
    return _Status(grpc.StatusCode.UNKNOWN, str(error), metadata)


def serve(arguments: list[str]) -> None:
    """Print the port, as the engine expects, and serve until the engine ends.

    arguments: the engine's address and its logging flags.
    """
    # Read before the port is printed: the parent may end as soon as it has read the port.
    parent = os.getppid()
    engine = next(argument for argument in arguments if not argument.startswith("-"))
    asyncio.run(_run_server(arguments, engine, parent))


async def _run_server(arguments: list[str], engine: str, parent: int) -> None:
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


if __name__ == "__main__":
    # The process serves one update. Few of its objects become garbage.
    gc.set_threshold(20_000, 20, 100)
    serve(sys.argv[1:])
