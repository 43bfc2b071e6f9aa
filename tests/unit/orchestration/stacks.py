"""Fake engine whose stacks share one history and one state."""

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi.automation import UpdateSummary

from orchestration.layers import Layer
from orchestration.pulumi.engine import Engine


class FakeStacks(Engine):
    """Every layer has the same history, newest first, and the same state. `given` are outputs by layer."""

    def __init__(
        self,
        history: Sequence[UpdateSummary] = (),
        state: Mapping[str, Any] | None = None,
        given: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.updates, self.state, self.given = list(history), dict(state or {}), given or {}

    def history(self, layer: Layer) -> list[UpdateSummary]:
        return self.updates

    def export_deployment(self, layer: Layer) -> dict[str, Any]:
        return self.state

    def outputs(self, layer: Layer) -> Mapping[str, Any] | None:
        return self.given.get(layer.name)

    def interrupt(self) -> None:
        raise AssertionError("no test interrupts this engine")
