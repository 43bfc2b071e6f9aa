"""An engine that notes what it is asked for, with nothing deployed but what a test says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.planning.compatibility import STACK_REFERENCE
from orchestration.pulumi.results import Changes, Outcome, Step
from shared import contract_types, contracts
from terminal.errors import UserError

# Any values of the right types will do.
OUTPUTS = {
    contract.producer.layer: {
        name: contract_types.placeholder(contract.producer.layer, name, words)
        for name, words in contract.types().items()
    }
    for contract in contracts.CONTRACTS
}


@dataclass
class FakeEngine:
    """`deployed` are the names of layers with resources; `breaks` maps a layer to what it fails with.

    `gives` are the outputs of layers as they are, `will_give` as a preview and an update find them, if these
    are not what the contracts say. `steps` are what an update of a layer does.
    """

    environment: Environment
    deployed: set[str] = field(default_factory=set)
    breaks: Mapping[str, str] = field(default_factory=dict)
    protects: Mapping[str, Sequence[str]] = field(default_factory=dict)
    gives: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    will_give: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    steps: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    placeholders: dict[str, frozenset[str]] = field(default_factory=dict)

    def up(
        self, layer: Layer, *, message: str = "", plan: Path | None = None, refresh: bool = False
    ) -> Outcome:
        self._call("up", layer, plan)
        self.messages.append(message)
        before = self.outputs(layer) or {}
        self.deployed.add(layer.name)
        self.gives[layer.name] = self._given(layer)
        return Outcome(Changes(create=2), self._given(layer), before, self.steps.get(layer.name, ()))

    def preview(
        self,
        layer: Layer,
        *,
        placeholders: frozenset[str] = frozenset(),
        plan: Path | None = None,
        refresh: bool = False,
    ) -> Outcome:
        self._call("preview", layer, plan)
        self.placeholders[layer.name] = placeholders
        if plan:
            plan.write_text("{}")
        steps = self.steps.get(layer.name, ())
        before = self.outputs(layer) or {}
        return Outcome(Changes(create=2), self._given(layer), before, steps, placeholders)

    def destroy(self, layer: Layer, *, message: str = "") -> Outcome:
        self._call("destroy", layer)
        self.deployed.discard(layer.name)
        return Outcome(Changes(delete=2))

    def destroy_functions(self, layer: Layer, *, message: str = "") -> Outcome:
        self._call("destroy functions of", layer)
        return Outcome(Changes(delete=1))

    def outputs(self, layer: Layer) -> Mapping[str, Any] | None:
        if layer.name not in self.deployed:
            return None
        return self.gives.get(layer.name, OUTPUTS[layer.name])

    def exported(self, layer: Layer) -> dict[str, Any]:
        if layer.name not in self.deployed:
            return {}
        # Every layer saw of others what they first gave.
        names = {name: f"organization/fraud-{name}/{self.environment.name}" for name in layer.depends_on}
        return {
            "resources": [
                {"type": STACK_REFERENCE, "outputs": {"name": names[name], "outputs": OUTPUTS[name]}}
                for name in names
            ]
            or [{"type": "aws:kms/key:Key"}]
        }

    def protected(self, layer: Layer) -> Sequence[str]:
        return self.protects.get(layer.name, ())

    def is_deployed(self, layer: Layer) -> bool:
        return layer.name in self.deployed

    def interrupt(self) -> None:
        self.calls.append("interrupt")

    def _given(self, layer: Layer) -> Mapping[str, Any]:
        return self.will_give.get(layer.name, OUTPUTS[layer.name])

    def _call(self, action: str, layer: Layer, plan: Path | None = None) -> None:
        self.calls.append(f"{action} {layer.name}" + (" as planned" if plan and action == "up" else ""))
        if layer.name in self.breaks:
            raise UserError(self.breaks[layer.name])
