"""Where one layer stands, from what the engine tells of the stacks and git of the commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestration.environments import Environment
from orchestration.git import Git
from orchestration.layers import Layer
from orchestration.planning import compatibility, layer_paths
from orchestration.planning.compatibility import Outputs, Problem, Stale
from orchestration.pulumi.errors import Diagnostic
from orchestration.state.locks import Holder
from orchestration.status.history import UPDATE, Update
from terminal.errors import UserError

STACK = "pulumi:pulumi:Stack"
OWN_TYPES = "pulumi:"
REFRESH = "refresh"


@dataclass(frozen=True)
class Found:
    """What the engine knows of a layer's stack: its exported state, its updates (newest first), its lock."""

    state: Mapping[str, Any]
    updates: Sequence[Update] = ()
    holder: Holder | None = None

    @property
    def resources(self) -> Sequence[Mapping[str, Any]]:
        """Everything in the state."""
        return self.state.get("resources") or []

    @property
    def outputs(self) -> Outputs:
        """What the stack gives; empty if it is not deployed."""
        return next((one.get("outputs") or {} for one in self.resources if one["type"] == STACK), {})

    @property
    def is_deployed(self) -> bool:
        """Whether the stack holds anything but itself, which is left of one that was destroyed."""
        return any(one["type"] != STACK for one in self.resources)

    @property
    def in_aws(self) -> int:
        """The number of resources, without components, references and providers."""
        made = [one for one in self.resources if one.get("custom")]
        return sum(not one["type"].startswith(OWN_TYPES) for one in made)

    @property
    def pending(self) -> tuple[str, ...]:
        """What an update that was cut off had begun, such as `creating alerts (aws:sns/topic:Topic)`."""
        operations = self.state.get("pending_operations") or []
        return tuple(f"{one['type']} {Diagnostic(one['resource']['urn'], '').resource}" for one in operations)


@dataclass(frozen=True)
class Distance:
    """Commits between the one that was deployed and the one that is checked out.

    `behind` are those that are not deployed, `touching` those of them that touch the layer, `ahead` those
    that are deployed and not here.
    """

    behind: int
    touching: int
    ahead: int


@dataclass(frozen=True)
class LayerStatus:
    """One layer; `distance` is None where the deployed commit is not known in this clone.

    `update` is the newest, `deployed_from` the newest that brought code: a refresh and a destroy bring none.
    `reads_known` is false of a stack that does not say what it reads: it is older than contracts are.
    """

    layer: Layer
    deployed: bool = False
    update: Update | None = None
    last_good: Update | None = None
    distance: Distance | None = None
    resources: int = 0
    pending: tuple[str, ...] = ()
    reads_known: bool = True
    missing: Sequence[Problem] = field(default=())
    stale: Sequence[Stale] = field(default=())
    holder: Holder | None = None
    deployed_from: Update | None = None

    @property
    def stale_known(self) -> bool:
        """Whether `stale` is all. A refresh reads what other layers give, and forgets what an update saw."""
        return self.update is None or self.update.kind != REFRESH

    @property
    def contract_holds(self) -> bool | None:
        """Whether the other layers give what this one reads; None if nobody knows what that is."""
        return not self.missing if self.reads_known else None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        update, distance = self.update, self.distance
        return {
            "layer": self.layer.name,
            "deployed": self.deployed,
            "update": update.as_dict() if update else None,
            "commit": self.deployed_from.commit if self.deployed_from else None,
            "last_successful_version": self.last_good.version if self.last_good else None,
            "commits_behind": distance.behind if distance else None,
            "commits_behind_touching_it": distance.touching if distance else None,
            "commits_ahead": distance.ahead if distance else None,
            "resources": self.resources,
            "pending_operations": list(self.pending),
            "contract_ok": self.contract_holds if self.deployed else None,
            "missing": [
                {"layer": one.producer, "field": one.field, "wanted": one.wanted, "found": one.found}
                for one in self.missing
            ],
            "stale": [{"layer": one.producer, "field": one.field} for one in self.stale],
            "stale_known": self.stale_known,
            "locked_by": self.holder.as_dict() if self.holder else None,
        }


class Commits:
    """How far deployed commits are from the one that is checked out."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._git = Git(environment.root)

    def distance(self, layer: Layer, commit: str) -> Distance | None:
        """None if there is no git, or not that commit."""
        try:
            if not commit or not self._git.has(commit):
                return None
            behind = len(self._git.commits(commit, "HEAD"))
            patterns = layer_paths.paths_of(layer, self._environment.name)
            touching = len(self._git.commits(commit, "HEAD", patterns)) if behind else 0
            return Distance(behind, touching, len(self._git.commits("HEAD", commit)))
        except UserError:
            return None


def of(
    layer: Layer, found: Mapping[str, Found], projects: Mapping[str, str], commits: Commits
) -> LayerStatus:
    """Where `layer` stands; `found` is by layer, and lacks those that could not be read.

    `projects` maps the layers' Pulumi projects to their names.
    """
    own = found[layer.name]
    update = own.updates[0] if own.updates else None
    code = next((one for one in own.updates if one.kind == UPDATE), None)
    declared = compatibility.of_outputs(own.outputs)
    upstream = {name: found[name].outputs for name in layer.depends_on if name in found}
    reads = {name: used for name, used in (declared.reads or {}).items() if name in upstream}
    seen = compatibility.seen_outputs(own.resources, projects)
    return LayerStatus(
        layer=layer,
        deployed=own.is_deployed,
        update=update,
        deployed_from=code,
        last_good=next((one for one in own.updates if one.succeeded), None),
        distance=commits.distance(layer, code.commit) if code and own.is_deployed else None,
        resources=own.in_aws,
        pending=own.pending,
        reads_known=declared.reads is not None and len(upstream) == len(layer.depends_on),
        missing=compatibility.missing(layer.name, reads, upstream) if own.is_deployed else (),
        stale=compatibility.stale(layer.name, seen, upstream, reads) if own.is_deployed else (),
        holder=own.holder,
    )
