"""The stacks of an environment, as the engine tells of them, with what a test says they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi.automation import UpdateSummary

from orchestration.layers import Layer


@dataclass
class Stacks:
    """Each layer has the same `history`, newest first, and state; `given` are outputs by layer."""

    history_: list[UpdateSummary] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    given: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __init__(
        self,
        history: Sequence[UpdateSummary] = (),
        state: Mapping[str, Any] | None = None,
        given: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.history_, self.state, self.given = list(history), dict(state or {}), given or {}

    def history(self, layer: Layer) -> list[UpdateSummary]:
        return self.history_

    def exported(self, layer: Layer) -> dict[str, Any]:
        return self.state

    def outputs(self, layer: Layer) -> Mapping[str, Any] | None:
        return self.given.get(layer.name)
