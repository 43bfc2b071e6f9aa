"""Fake engine that records its calls and deploys nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.planning.compatibility import STACK_REFERENCE
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.results import Changes, OperationResult, Step
from shared import contract_types, contracts
from terminal.errors import UserError

# The outputs of each layer as its contract declares them, with placeholders for values.
OUTPUTS = {
    contract.producer.layer: {
        name: contract_types.make_placeholder(contract.producer.layer, name, words)
        for name, words in contract.types().items()
    }
    for contract in contracts.CONTRACTS
}


@dataclass
class FakeEngine(Engine):
    """Records its calls. `deployed` are the names of layers with resources.

    `failures` are error messages by layer, and `protected` protected resources. `current` and `future` are
    the outputs of a layer before and after an update; without an entry, those of its contract. `steps` are
    the steps of its update, and `resources` further ones in its state.
    """

    environment: Environment
    deployed: set[str] = field(default_factory=set)
    failures: Mapping[str, str] = field(default_factory=dict)
    protected: Mapping[str, Sequence[str]] = field(default_factory=dict)
    current: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    future: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    steps: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    resources: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    placeholders: dict[str, frozenset[str]] = field(default_factory=dict)

    def up(
        self, layer: Layer, *, message: str = "", plan: Path | None = None, refresh: bool = False
    ) -> OperationResult:
        self._record("up", layer, plan)
        self.messages.append(message)
        before = self.outputs(layer) or {}
        self.deployed.add(layer.name)
        self.current[layer.name] = self._future_outputs(layer)
        return OperationResult(
            Changes(create=2), self._future_outputs(layer), before, self.steps.get(layer.name, ())
        )

    def preview(
        self,
        layer: Layer,
        *,
        placeholders: frozenset[str] = frozenset(),
        plan: Path | None = None,
        refresh: bool = False,
    ) -> OperationResult:
        self._record("preview", layer, plan)
        self.placeholders[layer.name] = placeholders
        if plan:
            plan.write_text("{}")
        steps = self.steps.get(layer.name, ())
        before = self.outputs(layer) or {}
        return OperationResult(Changes(create=2), self._future_outputs(layer), before, steps, placeholders)

    def destroy(self, layer: Layer, *, message: str = "") -> OperationResult:
        self._record("destroy", layer)
        self.deployed.discard(layer.name)
        return OperationResult(Changes(delete=2))

    def destroy_functions(self, layer: Layer, *, message: str = "") -> OperationResult:
        self._record("destroy functions of", layer)
        return OperationResult(Changes(delete=1))

    def outputs(self, layer: Layer) -> Mapping[str, Any] | None:
        if layer.name not in self.deployed:
            return None
        return self.current.get(layer.name, OUTPUTS[layer.name])

    def export_deployment(self, layer: Layer) -> dict[str, Any]:
        if layer.name not in self.deployed:
            return {}
        # Every layer read the outputs of the contracts at its last update.
        references = [
            {
                "type": STACK_REFERENCE,
                "outputs": {
                    "name": f"organization/fraud-{name}/{self.environment.name}",
                    "outputs": OUTPUTS[name],
                },
            }
            for name in layer.depends_on
        ]
        return {"resources": [*references, *self.resources.get(layer.name, [])]}

    def list_protected(self, layer: Layer) -> Sequence[str]:
        return self.protected.get(layer.name, ())

    def is_deployed(self, layer: Layer) -> bool:
        return layer.name in self.deployed

    def interrupt(self) -> None:
        self.calls.append("interrupt")

    def _future_outputs(self, layer: Layer) -> Mapping[str, Any]:
        return self.future.get(layer.name, OUTPUTS[layer.name])

    def _record(self, action: str, layer: Layer, plan: Path | None = None) -> None:
        self.calls.append(f"{action} {layer.name}" + (" as planned" if plan and action == "up" else ""))
        if layer.name in self.failures:
            raise UserError(self.failures[layer.name])
