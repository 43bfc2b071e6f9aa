"""The provider: dispatch of the engine's requests to the resource types."""

import asyncio
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

from pulumi.provider.experimental import provider as sdk

from local.plugin import services
from local.plugin.aws import Aws, configuration_problems, loopback_endpoint, parse_configuration
from local.plugin.errors import PluginError
from local.plugin.life_cycle import LifeCycle
from local.plugin.resource import Resource
from local.plugin.services.data_sources import invoke_data_source
from local.plugin.values import to_plain_map, to_property_map

# Key of the old inputs in the old state of a diff; `local.plugin.server` sets it.
OLD_INPUTS = "__oldInputs"


def _find_resources() -> Iterator[type[Resource]]:
    """The classes with a Pulumi type in the modules of `services`."""
    for module in pkgutil.iter_modules(services.__path__, f"{services.__name__}."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, Resource) and "pulumi_type" in vars(value):
                yield value


# The supported resource types: those that the stacks use.
RESOURCES = {resource.pulumi_type: resource for resource in _find_resources()}


class LocalAwsProvider(sdk.Provider):
    """The `aws` package on a loopback endpoint."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._aws: Aws | None = None

    async def check_config(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """Reject endpoints that are not loopback addresses and unsupported settings."""
        loopback_endpoint(self._environment)
        failures = configuration_problems(to_plain_map(request.new_inputs))
        return sdk.CheckResponse(request.new_inputs, [sdk.CheckFailure(*failure) for failure in failures])

    async def configure(self, request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:
        """Set endpoint, region and default tags, without a call to AWS."""
        self._aws = parse_configuration(to_plain_map(request.args), self._environment)
        return sdk.ConfigureResponse(supports_preview=True)

    async def invoke(self, request: sdk.InvokeRequest) -> sdk.InvokeResponse:
        """Read a data source."""
        result = await _run_in_thread(
            request.tok,
            invoke_data_source,
            self._configured,
            request.tok,
            to_plain_map(request.args),
        )
        return sdk.InvokeResponse(to_property_map(result))

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """Reject unsupported inputs and generate absent names."""
        life, inputs = self._life_cycle(request.urn), to_plain_map(request.new_inputs)
        failures = [
            sdk.CheckFailure(name, f"{life.kind}: {name} {reason}") for name, reason in life.check(inputs)
        ]
        if failures:
            return sdk.CheckResponse(request.new_inputs, failures)
        old = to_plain_map(request.old_inputs)
        return sdk.CheckResponse(
            to_property_map(life.with_autonames(request.name, inputs, old, request.random_seed))
        )

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """Compare state and inputs."""
        state, inputs = to_plain_map(request.old_state), to_plain_map(request.new_inputs)
        old_inputs = state.pop(OLD_INPUTS, {})
        return self._life_cycle(request.urn).diff(state, old_inputs, inputs)

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        """Create the resource, or plan its outputs in a preview."""
        life, inputs = self._life_cycle(request.urn), to_plain_map(request.properties)
        if request.preview:
            return sdk.CreateResponse(properties=to_property_map(life.plan_outputs(inputs, {})))
        resource_id, outputs = await _run_in_thread(life.kind, life.create, inputs)
        return sdk.CreateResponse(resource_id, to_property_map(outputs))

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        """Refresh or import the resource; the response is empty if it does not exist."""
        life, state = self._life_cycle(request.urn), to_plain_map(request.properties)
        outputs = await _run_in_thread(life.kind, life.read, request.resource_id, state)
        if outputs is None:
            return sdk.ReadResponse()
        inputs = life.inputs_from(outputs, to_plain_map(request.inputs))
        return sdk.ReadResponse(request.resource_id, to_property_map(outputs), to_property_map(inputs))

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        """Update the resource in place, or plan its outputs in a preview."""
        life = self._life_cycle(request.urn)
        state, inputs = to_plain_map(request.olds), to_plain_map(request.news)
        if request.preview:
            return sdk.UpdateResponse(to_property_map(life.plan_outputs(inputs, state)))
        outputs = await _run_in_thread(life.kind, life.update, request.resource_id, state, inputs)
        return sdk.UpdateResponse(to_property_map(outputs))

    async def delete(self, request: sdk.DeleteRequest) -> None:
        """Delete the resource, if it exists."""
        life, state = self._life_cycle(request.urn), to_plain_map(request.properties)
        await _run_in_thread(life.kind, life.delete, request.resource_id, state)

    @property
    def _configured(self) -> Aws:
        if self._aws is None:
            raise PluginError("The provider was used before it was configured. Run the update again.")
        return self._aws

    def _life_cycle(self, urn: str) -> LifeCycle:
        kind = own_type(urn)
        if kind not in RESOURCES:
            raise PluginError(
                f"{kind} is not supported by the local aws plugin. Add the type in local/plugin/services/."
            )
        return LifeCycle(RESOURCES[kind](self._configured))


def own_type(urn: str) -> str:
    """The resource type in a URN, without the types of its parent components, which precede it with `$`."""
    return urn.split("::")[2].rpartition("$")[2]


async def _run_in_thread(subject: str, call: Callable[..., Any], *arguments: Any) -> Any:
    """Run blocking AWS calls in a thread. A PluginError gets the resource type as a prefix."""
    try:
        return await asyncio.to_thread(call, *arguments)
    except PluginError as error:
        if subject in str(error):
            raise
        raise PluginError(f"{subject}: {error}") from error
