"""Destroyer: deletes the resources of layers, consumers first."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

from rich.text import Text

from orchestration.environments import Environment
from orchestration.layers import LAYERS, Layer, find_dependents, join_layer_names
from orchestration.planning import plan_view
from orchestration.planning.network_interfaces import MAX_MINUTES
from orchestration.planning.runner import Confirm, DeployOptions, LayerRunner, Results, raise_if_failed
from orchestration.planning.scheduler import LayerResult, ResultStatus
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.resource_types import LOGICAL_TYPE_PREFIXES
from orchestration.pulumi.results import Changes, OperationResult, Step
from orchestration.pulumi.urn import parse_name
from shared.contracts import FoundationOutputs
from terminal.command_line import command_line
from terminal.errors import UserError
from terminal.output import console_for_question, print_message

NETWORK_LAYER = FoundationOutputs.producer.layer


class Destroyer:
    """Deletes the resources of layers in one environment, if the user agrees in `confirm`."""

    def __init__(
        self,
        environment: Environment,
        engine: Engine,
        confirm: Confirm,
        options: DeployOptions | None = None,
        *,
        progress: AbstractContextManager[object] | None = None,
        all_layers: Sequence[Layer] = LAYERS,
    ) -> None:
        self._environment = environment
        self._engine = engine
        self._confirm = confirm
        self._options = options or DeployOptions()
        self._runner = LayerRunner(environment, engine, self._options, progress)
        self._all_layers = all_layers

    def destroy(self, layers: Sequence[Layer]) -> Results:
        """Show what would be deleted, ask, and delete it.

        Raises UserError if a resource is protected, or a layer is read by a deployed layer that stays.
        """
        self._refuse_read_layers(layers)
        self._refuse_protected(layers)
        self._print_plan(layers)
        name = self._environment.name if self._options.ask_name else ""
        self._confirm(
            f"Delete every resource of {join_layer_names(layers)} in '{self._environment.name}'?", name
        )
        function_results = self._destroy_functions(layers)
        deleted = {result.layer: result.value for result in function_results if result.value}

        def destroy(layer: Layer) -> OperationResult:
            self._options.backup(layer)
            value = self._engine.destroy(layer, message=self._options.message("destroy", layer))
            return value.add_earlier_deletion(deleted.get(layer, OperationResult(Changes())))

        results = self._runner.run(list(reversed(layers)), destroy, self._consumers)
        self._runner.show_results(results, f"Destroyed in '{self._environment.name}'")
        raise_if_failed(results, "Not destroyed", changing=True, earlier=function_results)
        return results

    def _destroy_functions(self, layers: Sequence[Layer]) -> Results:
        """Delete the functions first, and wait until Lambda has deleted their network interfaces.

        The next run continues an interrupted wait.
        """
        interfaces = self._options.interfaces
        group = self._read_security_group() if interfaces else ""
        if interfaces is None or not group or not self._have_interfaces(layers):
            return []
        # Missing permissions are found before the first deletion.
        interfaces.ids(group)
        interfaces.users(group)

        def destroy_functions(layer: Layer) -> OperationResult:
            self._options.backup(layer)
            message = self._options.message("destroy functions of", layer)
            return self._engine.destroy_functions(layer, message=message)

        with_functions = [layer for layer in reversed(layers) if layer.functions]
        results = self._runner.run(with_functions, destroy_functions, self._consumers)
        if any(result.status is not ResultStatus.DONE for result in results):
            self._runner.show_results(results, f"Destroyed functions in '{self._environment.name}'")
        raise_if_failed(results, "Not destroyed", changing=True)
        names = [layer.name for layer in layers]
        interfaces.wait_until_gone(group, command_line("destroy", env=self._environment.name, layer=names))
        return results

    def _print_plan(self, layers: Sequence[Layer]) -> None:
        output = console_for_question(as_json=self._options.as_json)
        with ThreadPoolExecutor() as pool:
            states = list(pool.map(self._engine.export_deployment, layers))
        plan = [
            LayerResult(layer, ResultStatus.DONE, value=plan_deletion(state))
            for layer, state in zip(layers, states, strict=True)
        ]
        title = f"Resources to delete in '{self._environment.name}'"
        plan_view.print_plan(plan, title, output, in_account=not self._environment.is_local, with_steps=False)
        for layer, state in zip(layers, states, strict=True):
            if retained := [parse_name(entry["urn"]) for entry in _list_resources(state, retained=True)]:
                output.print(Text(f"  {layer.name}: {', '.join(retained)} will be retained in AWS."))
        if self._options.interfaces and self._have_interfaces(layers):
            print_message(
                f"Lambda's network interfaces outlive its functions by up to {MAX_MINUTES} minutes."
            )

    def _consumers(self, layer: Layer) -> Sequence[str]:
        return [consumer.name for consumer in find_dependents(layer, self._all_layers)]

    def _read_security_group(self) -> str:
        """Return the security group of the functions; empty if the network is not deployed."""
        network = next((layer for layer in self._all_layers if layer.name == NETWORK_LAYER), None)
        outputs = self._engine.outputs(network) if network else None
        return str((outputs or {}).get("function_security_group_id") or "")

    def _have_interfaces(self, layers: Sequence[Layer]) -> bool:
        """Whether a deployed layer has functions, or the network that their interfaces are in."""
        return any(
            (layer.functions or layer.name == NETWORK_LAYER) and self._engine.is_deployed(layer)
            for layer in layers
        )

    def _refuse_read_layers(self, layers: Sequence[Layer]) -> None:
        for layer in layers:
            for consumer in find_dependents(layer, self._all_layers):
                if consumer not in layers and self._engine.is_deployed(consumer):
                    raise UserError(
                        f"{consumer.name} is deployed and reads {layer.name}.",
                        f"Destroy it first, or both: --layer {consumer.name} --layer {layer.name}",
                    )

    def _refuse_protected(self, layers: Sequence[Layer]) -> None:
        for layer in layers:
            if protected := self._engine.list_protected(layer):
                raise UserError(
                    f"{layer.name} has protected resources: {', '.join(protected)}.",
                    "Nothing was changed. Switch the protection off in the settings and deploy them first.",
                )


def plan_deletion(state: Mapping[str, Any]) -> OperationResult:
    """Return the deletion of all resources in an exported state that AWS does not retain."""
    steps = tuple(Step("delete", entry["type"], parse_name(entry["urn"])) for entry in _list_resources(state))
    return OperationResult(Changes(delete=len(steps)), steps=steps)


def _list_resources(state: Mapping[str, Any], *, retained: bool = False) -> list[Mapping[str, Any]]:
    return [
        entry
        for entry in state.get("resources") or []
        if entry.get("custom") and not entry["type"].startswith(LOGICAL_TYPE_PREFIXES)
        if bool(entry.get("retainOnDelete")) is retained
    ]
