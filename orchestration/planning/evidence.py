"""What `deploy --changed` goes by: the stacks' histories, git, and the outputs that each stack saw."""

from collections.abc import Sequence
from typing import Protocol

from pulumi.automation import UpdateSummary

from orchestration.environments import Environment
from orchestration.git import Git
from orchestration.layers import Layer
from orchestration.planning import layer_paths
from orchestration.planning.changed_layers import LastUpdate
from orchestration.planning.contracts import Neighbours


class HistoryEngine(Protocol):
    """What this needs of the engine."""

    def history(self, layer: Layer) -> list[UpdateSummary]: ...


class StackEvidence:
    """The evidence of `selection`, from one environment's stacks and the clone."""

    def __init__(self, environment: Environment, engine: HistoryEngine, neighbours: Neighbours) -> None:
        self._environment = environment
        self._engine = engine
        self._neighbours = neighbours
        self._git = Git(environment.root)
        self._last: dict[Layer, LastUpdate | None] = {}

    def last_update(self, layer: Layer) -> LastUpdate | None:
        """The update that the stack is the result of, looked up once; None if it holds nothing."""
        if layer not in self._last:
            self._last[layer] = self._look_up(layer)
        return self._last[layer]

    def _look_up(self, layer: Layer) -> LastUpdate | None:
        if not self._neighbours.outputs(layer.name):
            return None
        history = self._engine.history(layer)
        updates = [update for update in history if update.kind == "update"]
        if not updates:
            return None
        found = updates[0].environment
        return LastUpdate(
            found.get("git.head", ""),
            dirty=found.get("git.dirty") == "true",
            failed=updates[0].result != "succeeded",
            refreshed=history[0].kind == "refresh",
            destroyed="destroy" in (one.kind for one in history[: history.index(updates[0])]),
        )

    def changed_files(self, layer: Layer, since: str) -> Sequence[str] | None:
        """The layer's files that differ from a commit; None if the commit is not in this clone."""
        if not self._git.has(since):
            return None
        changed = layer_paths.changed_since(since, self._environment.root)
        return layer_paths.reasons(layer, changed, self._environment.name)

    def changed_inputs(self, layer: Layer) -> Sequence[str]:
        """The outputs of other layers that it uses and that changed since, as `layer.field`."""
        return self._neighbours.changed_inputs(layer)
