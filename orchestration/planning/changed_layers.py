"""Which layers `deploy --changed` takes: those not as they were last deployed."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from pulumi.automation import UpdateSummary

from orchestration.environments import Environment
from orchestration.git import Git
from orchestration.layers import Layer
from orchestration.planning import layer_paths
from orchestration.planning.contracts import Neighbours

MAX_NAMED = 3


@dataclass(frozen=True)
class LastUpdate:
    """The last update of a stack: from which commit, whether files differed from it, whether it failed.

    `refreshed`: the state was refreshed since, with which it forgot what the update saw of others.
    `destroyed`: a destroy came after it and left some of the stack.
    """

    commit: str
    dirty: bool = False
    failed: bool = False
    refreshed: bool = False
    destroyed: bool = False


class Evidence(Protocol):
    """What this needs to know of the layers."""

    def last_update(self, layer: Layer) -> LastUpdate | None: ...
    def changed_files(self, layer: Layer, since: str) -> Sequence[str] | None:
        """The layer's files that differ from a commit; None if the commit is not in this clone."""

    def changed_inputs(self, layer: Layer) -> Sequence[str]:
        """The outputs of other layers that it uses and that changed since, as `layer.field`."""


@dataclass(frozen=True)
class Choice:
    """Whether a layer is taken, and why."""

    layer: Layer
    taken: bool
    why: str

    @property
    def sentence(self) -> str:
        """For the user."""
        return f"{self.layer.name}: {'taken' if self.taken else 'left'}, {self.why}"


def choose(layers: Iterable[Layer], evidence: Evidence) -> list[Choice]:
    """A choice for each layer, in their order."""
    # Each takes several runs of the CLI.
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda layer: _choice(layer, evidence), layers))


def _choice(layer: Layer, evidence: Evidence) -> Choice:
    last = evidence.last_update(layer)
    why = _why_at_once(last)
    if why or last is None:
        return Choice(layer, True, why)
    files = evidence.changed_files(layer, last.commit)
    short = last.commit[:7]
    if files is None:
        return Choice(layer, True, f"commit {short}, which it was deployed from, is not in this clone")
    if files:
        return Choice(layer, True, f"changed since {short}: {_some(files)}")
    inputs = evidence.changed_inputs(layer)
    if inputs:
        return Choice(layer, True, f"what it reads changed: {_some(inputs)}")
    return Choice(layer, False, f"nothing of it changed since {short}")


def _why_at_once(last: LastUpdate | None) -> str:
    """Why there is nothing to compare with; empty if there is."""
    if last is None:
        return "it is not deployed"
    if last.failed:
        return "its last update failed"
    if not last.commit:
        return "nobody knows which commit it was deployed from"
    if last.destroyed:
        return "some of it was destroyed since"
    if last.refreshed:
        return "its state was refreshed since, and forgot what it was deployed with"
    return "it was deployed from files that were not committed" if last.dirty else ""


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more


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
