"""Selection of the layers that `deploy --changed` deploys: those that differ from their last deployment."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from orchestration.environments import Environment
from orchestration.git import Git, shorten_commit
from orchestration.layers import Layer
from orchestration.planning import layer_paths
from orchestration.planning.contracts import LayerContracts
from orchestration.pulumi.engine import Engine

MAX_NAMES = 3


@dataclass(frozen=True)
class LastUpdate:
    """Last update of a stack.

    `dirty`: the tree had changes that `commit` lacks. `refreshed`: a later refresh replaced the upstream
    outputs that the update had read. `destroyed`: a later destroy deleted some of the resources.
    """

    commit: str
    dirty: bool = False
    failed: bool = False
    refreshed: bool = False
    destroyed: bool = False


@dataclass(frozen=True)
class LayerChoice:
    """Decision whether to deploy a layer, with the reason."""

    layer: Layer
    taken: bool
    reason: str

    @property
    def sentence(self) -> str:
        return f"{self.layer.name}: {'deploy' if self.taken else 'skip'}, {self.reason}"


class ChangeDetector:
    """Changes of the layers since their last deployment, from the stacks and the clone."""

    def __init__(self, environment: Environment, engine: Engine, contracts: LayerContracts) -> None:
        self._environment = environment
        self._engine = engine
        self._contracts = contracts
        self._git = Git(environment.root)
        self._last_updates: dict[Layer, LastUpdate | None] = {}

    def last_update(self, layer: Layer) -> LastUpdate | None:
        """Return the last update of the stack, which is read once; None if the stack has no outputs."""
        if layer not in self._last_updates:
            self._last_updates[layer] = self._read_last_update(layer)
        return self._last_updates[layer]

    def changed_files(self, layer: Layer, since: str) -> Sequence[str] | None:
        """Return the layer's files that differ from a commit; None if the clone lacks the commit."""
        if not self._git.has_commit(since):
            return None
        changed = layer_paths.changed_files(since, self._environment.root)
        return layer_paths.matching_paths(layer, changed, self._environment.name)

    def changed_inputs(self, layer: Layer) -> Sequence[str]:
        """Return the upstream outputs that the layer reads and that changed, as `layer.field`."""
        return self._contracts.changed_inputs(layer)

    def _read_last_update(self, layer: Layer) -> LastUpdate | None:
        if not self._contracts.outputs(layer.name):
            return None
        history = self._engine.history(layer)
        last = next((update for update in history if update.kind == "update"), None)
        if last is None:
            return None
        later = history[: history.index(last)]
        variables = last.environment or {}
        return LastUpdate(
            variables.get("git.head", ""),
            dirty=variables.get("git.dirty") == "true",
            failed=last.result != "succeeded",
            refreshed=history[0].kind == "refresh",
            destroyed=any(update.kind == "destroy" for update in later),
        )


def choose_layers(layers: Iterable[Layer], detector: ChangeDetector) -> list[LayerChoice]:
    """Return a decision for each layer, in the order of the layers."""
    # Each decision takes several runs of the CLI.
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda layer: _choose_layer(layer, detector), layers))


def _choose_layer(layer: Layer, detector: ChangeDetector) -> LayerChoice:
    last = detector.last_update(layer)
    if last is None:
        return LayerChoice(layer, True, "not deployed")
    if reason := _explain_no_comparison(last):
        return LayerChoice(layer, True, reason)
    commit = shorten_commit(last.commit)
    files = detector.changed_files(layer, last.commit)
    if files is None:
        return LayerChoice(layer, True, f"deployed from commit {commit}, which this clone lacks")
    if files:
        return LayerChoice(layer, True, f"changed since {commit}: {_join_names(files)}")
    if inputs := detector.changed_inputs(layer):
        return LayerChoice(layer, True, f"upstream outputs changed: {_join_names(inputs)}")
    return LayerChoice(layer, False, f"no change since {commit}")


def _explain_no_comparison(last: LastUpdate) -> str:
    """Return why the layer cannot be compared with its last update; empty if it can."""
    if last.failed:
        return "the last update failed"
    if not last.commit:
        return "the commit of the last update is unknown"
    if last.destroyed:
        return "some resources were destroyed after the last update"
    if last.refreshed:
        return "a refresh after the last update replaced the upstream outputs that it had read"
    return "deployed from a tree with uncommitted changes" if last.dirty else ""


def _join_names(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more
