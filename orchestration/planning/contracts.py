"""Contracts between the deployed layers: placeholders for a preview, checks, and stale consumers."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from orchestration.environments import Environment
from orchestration.layers import LAYERS, Layer, find_dependents
from orchestration.planning import compatibility
from orchestration.planning.compatibility import DeclaredContract, Types
from orchestration.planning.scheduler import LayerResult
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.results import OperationResult
from shared import contracts
from terminal.command_line import command_line
from terminal.output import print_message

Outputs = Mapping[str, Any]


class LayerContracts:
    """Contracts of the layers in one environment. The outputs of a layer are read once."""

    def __init__(
        self, environment: Environment, engine: Engine, all_layers: Sequence[Layer] = LAYERS
    ) -> None:
        self._environment = environment
        self._engine = engine
        self._by_name = {layer.name: layer for layer in all_layers}
        self._projects = {layer.project: layer.name for layer in all_layers}
        self._outputs: dict[str, Outputs] = {}

    def outputs(self, name: str) -> Outputs:
        """Return the outputs of a layer by name; empty if the layer is not deployed."""
        if name not in self._outputs:
            # Reading takes a run of the CLI. Threads that read the same outputs twice do no harm.
            self._outputs.setdefault(name, self._engine.outputs(self._by_name[name]) or {})
        return self._outputs[name]

    def record_outputs(self, layer: Layer, outputs: Outputs) -> None:
        """Replace the outputs of a layer after its deployment."""
        self._outputs[layer.name] = outputs

    def placeholders(self, layer: Layer, planned: Collection[Layer]) -> frozenset[str]:
        """Return the inputs of `layer` that do not exist yet: layers, or fields as `layer.field`.

        Only a layer in `planned`, the layers of the same run, can add a field.
        """
        planned_names = {planned_layer.name for planned_layer in planned}
        return frozenset(
            missing
            for name in layer.depends_on
            for missing in self._missing_outputs(name)
            if missing == name or name in planned_names
        )

    def check_contracts(self, planned: Collection[Layer], outputs: Mapping[str, Outputs]) -> None:
        """Raise UserError if a planned layer lacks an input, or no longer has an output that is read.

        `outputs` are those of previews, by layer. The inputs of a layer without a preview are not checked
        here but by its program, and its outputs are those of its contract.
        """
        for layer in planned:
            if layer.name in outputs:
                self._check_inputs(layer, outputs)
            self._check_consumers(layer, planned, outputs)

    def changed_inputs(self, layer: Layer) -> list[str]:
        """Return the inputs of `layer` that changed since its last update, as `layer.field`."""
        resources = self._engine.export_deployment(layer).get("resources") or []
        previous = compatibility.outputs_at_last_update(resources, self._projects)
        current = {name: self.outputs(name) for name in layer.depends_on}
        declared = DeclaredContract.from_outputs(self.outputs(layer.name))
        inputs = {
            name: declared.inputs_from(name, DeclaredContract.from_outputs(outputs).outputs)
            for name, outputs in current.items()
        }
        changed = compatibility.find_changed_inputs(layer.name, previous, current, inputs)
        return [f"{field.producer}.{field.field}" for field in changed]

    def stale_consumers(self, updated: Mapping[Layer, OperationResult]) -> dict[str, list[str]]:
        """Return the deployed layers that an update made stale, with the changed inputs as `layer.field`."""
        changed = {layer.name for layer, result in updated.items() if result.changes_outputs}
        for layer, result in updated.items():
            self.record_outputs(layer, result.outputs)
        consumers = [
            layer
            for layer in self._by_name.values()
            if layer not in updated and changed & {*layer.depends_on} and self.outputs(layer.name)
        ]
        fields = {
            layer.name: [field for field in self.changed_inputs(layer) if field.partition(".")[0] in changed]
            for layer in consumers
        }
        return {name: names for name, names in fields.items() if names}

    def _check_inputs(self, layer: Layer, outputs: Mapping[str, Outputs]) -> None:
        inputs = DeclaredContract.from_outputs(outputs[layer.name]).inputs or {}
        # The program of an earlier commit may read layers that this tree does not have.
        upstream = {name: outputs.get(name) or self.outputs(name) for name in inputs if name in self._by_name}
        if violations := compatibility.find_missing_inputs(layer.name, inputs, upstream):
            raise compatibility.missing_inputs_error(violations, self._environment.name)

    def _check_consumers(
        self, layer: Layer, planned: Collection[Layer], outputs: Mapping[str, Outputs]
    ) -> None:
        consumers = self._deployed_consumers(layer, planned)
        if not consumers:
            return
        future = (
            DeclaredContract.from_outputs(outputs[layer.name]).outputs
            if layer.name in outputs
            else _contract_outputs(layer)
        )
        current = DeclaredContract.from_outputs(self.outputs(layer.name)).outputs
        if violations := compatibility.find_broken_inputs(layer.name, future, consumers, current=current):
            raise compatibility.broken_inputs_error(violations)

    def _deployed_consumers(self, layer: Layer, planned: Collection[Layer]) -> dict[str, DeclaredContract]:
        """Return the contracts of the deployed layers that read `layer` and are not `planned`."""
        consumers = [
            consumer
            for consumer in find_dependents(layer, list(self._by_name.values()))
            if consumer not in planned
        ]
        outputs = {consumer.name: self.outputs(consumer.name) for consumer in consumers}
        return {name: DeclaredContract.from_outputs(values) for name, values in outputs.items() if values}

    def _missing_outputs(self, name: str) -> Iterable[str]:
        outputs = self.outputs(name)
        if not outputs:
            return [name]
        declared = DeclaredContract.from_outputs(outputs).outputs
        former = contracts.former_names(name)
        return [
            f"{name}.{field}"
            for field, type_name in _contract_outputs(self._by_name[name]).items()
            if field not in former.values()
            if not any(
                alias in outputs and declared.get(alias) == type_name
                for alias in (field, former.get(field, field))
            )
        ]


def inputs_changed_by_plan(plan: Iterable[LayerResult[OperationResult]]) -> Mapping[str, Sequence[str]]:
    """Return, by layer, the inputs that another layer of the plan changes, as `layer.field`.

    Such a layer may change more than its preview shows. New outputs are not included: a preview has
    placeholders for them.
    """
    values = {result.layer: result.value for result in plan if result.value}
    changed: dict[str, list[str]] = {}
    for layer, value in values.items():
        declared = DeclaredContract.from_outputs(value.outputs)
        for upstream, change in values.items():
            if upstream.name in layer.depends_on:
                before, after = change.outputs_before, change.outputs
                inputs = declared.inputs_from(upstream.name, DeclaredContract.from_outputs(before).outputs)
                fields = [name for name in inputs if _has_changed(upstream.name, name, before, after)]
                changed.setdefault(layer.name, []).extend(f"{upstream.name}.{name}" for name in fields)
    return {name: fields for name, fields in changed.items() if fields}


def _has_changed(layer: str, field: str, before: Outputs, after: Outputs) -> bool:
    """Return whether an output that exists gets another value."""
    value = contracts.find_output(layer, before, field)
    return value is not None and bool(value != contracts.find_output(layer, after, field))


def print_stale_consumers(environment: Environment, stale: Mapping[str, Sequence[str]]) -> None:
    """Print the stale layers with the changed fields, and the command that deploys these layers."""
    for consumer, fields in stale.items():
        print_message(f"{consumer} is stale: {', '.join(fields)} changed since its last deployment.")
    if stale:
        print_message(f"To update: {command_line('deploy', env=environment.name, layer=stale)}")


def _contract_outputs(layer: Layer) -> Types:
    """Return the outputs that the layer's contract declares in this tree; empty without a contract."""
    declared = [contract for contract in contracts.CONTRACTS if contract.producer.layer == layer.name]
    return declared[0].types() if declared else {}
