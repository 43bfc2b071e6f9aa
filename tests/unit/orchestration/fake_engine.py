"""An engine that notes what it is asked for, with nothing deployed but what a test says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestration.changes import Changes
from orchestration.engine import Outcome
from orchestration.environments import Environment
from orchestration.errors import UserError
from orchestration.failures import MissingUpstreamError
from orchestration.layers import Layer


@dataclass
class FakeEngine:
    """`deployed` are the names of layers with resources; `breaks` maps a layer to what it fails with."""

    environment: Environment
    deployed: set[str] = field(default_factory=set)
    breaks: Mapping[str, str] = field(default_factory=dict)
    protects: Mapping[str, Sequence[str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def up(self, layer: Layer) -> Outcome:
        self._call("up", layer)
        self.deployed.add(layer.name)
        return Outcome(Changes(create=2))

    def preview(self, layer: Layer) -> Outcome:
        self._call("preview", layer)
        return Outcome(Changes(create=2))

    def destroy(self, layer: Layer) -> Outcome:
        self._call("destroy", layer)
        self.deployed.discard(layer.name)
        return Outcome(Changes(delete=2))

    def check_upstream(self, layer: Layer, deployed: set[str]) -> None:
        for name in layer.depends_on:
            if name not in deployed | self.deployed:
                raise MissingUpstreamError(self.environment, layer, name)

    def protected(self, layer: Layer) -> Sequence[str]:
        return self.protects.get(layer.name, ())

    def is_deployed(self, layer: Layer) -> bool:
        return layer.name in self.deployed

    def interrupt(self) -> None:
        self.calls.append("interrupt")

    def _call(self, action: str, layer: Layer) -> None:
        self.calls.append(f"{action} {layer.name}")
        if layer.name in self.breaks:
            raise UserError(self.breaks[layer.name])
