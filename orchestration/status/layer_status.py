"""Status of one layer, from its stack and from the commits in git."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestration.environments import Environment
from orchestration.git import Git
from orchestration.layers import Layer
from orchestration.planning import compatibility, layer_paths
from orchestration.planning.compatibility import ChangedInput, ContractViolation, DeclaredContract, Outputs
from orchestration.pulumi.resource_types import PULUMI_TYPE_PREFIX, STACK_TYPE
from orchestration.pulumi.urn import describe_resource
from orchestration.state.locks import LockHolder
from orchestration.status.history import UPDATE, Update
from terminal.errors import UserError

REFRESH = "refresh"


@dataclass(frozen=True)
class StackSnapshot:
    """A stack as the engine reports it: its exported state, its updates (newest first) and its lock."""

    state: Mapping[str, Any]
    updates: Sequence[Update] = ()
    holder: LockHolder | None = None

    @property
    def resources(self) -> Sequence[Mapping[str, Any]]:
        return self.state.get("resources") or []

    @property
    def outputs(self) -> Outputs:
        """The stack's outputs; empty if it is not deployed."""
        stacks = (entry for entry in self.resources if entry["type"] == STACK_TYPE)
        return next((entry.get("outputs") or {} for entry in stacks), {})

    @property
    def is_deployed(self) -> bool:
        """Whether the state has a resource other than the stack itself, which remains after a destroy."""
        return any(entry["type"] != STACK_TYPE for entry in self.resources)

    @property
    def resource_count(self) -> int:
        """The number of resources in AWS."""
        return sum(
            not entry["type"].startswith(PULUMI_TYPE_PREFIX)
            for entry in self.resources
            if entry.get("custom")
        )

    @property
    def pending(self) -> tuple[str, ...]:
        """The interrupted operations, such as `creating alerts (aws:sns/topic:Topic)`."""
        operations = self.state.get("pending_operations") or []
        return tuple(f"{entry['type']} {describe_resource(entry['resource']['urn'])}" for entry in operations)


@dataclass(frozen=True)
class Distance:
    """Commits between the deployed and the checked-out one.

    `behind` are not deployed, `touching` are those of them that change the layer's files. `ahead` are
    deployed but not checked out.
    """

    behind: int
    touching: int
    ahead: int


class CommitDistances:
    """Distances of deployed commits from the checked-out one."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._git = Git(environment.root)

    def distance(self, layer: Layer, commit: str) -> Distance | None:
        """Return the distance of a commit; None if the clone lacks it, or without git."""
        try:
            if not commit or not self._git.has_commit(commit):
                return None
            behind = len(self._git.list_commits(commit, "HEAD"))
            patterns = layer_paths.path_patterns(layer, self._environment.name)
            touching = len(self._git.list_commits(commit, "HEAD", patterns)) if behind else 0
            return Distance(behind, touching, len(self._git.list_commits("HEAD", commit)))
        except UserError:
            return None


@dataclass(frozen=True)
class LayerStatus:
    """Status of one layer.

    `update` is the newest update, `deployed_from` the newest one with code: refresh and destroy have none.
    `distance` is None if the clone lacks the deployed commit. `inputs_known` is False if the stack does not
    declare its inputs, or an upstream stack could not be read.
    """

    layer: Layer
    deployed: bool = False
    update: Update | None = None
    last_good: Update | None = None
    distance: Distance | None = None
    resources: int = 0
    pending: tuple[str, ...] = ()
    inputs_known: bool = True
    missing: Sequence[ContractViolation] = field(default=())
    stale: Sequence[ChangedInput] = field(default=())
    holder: LockHolder | None = None
    deployed_from: Update | None = None

    @classmethod
    def from_snapshots(
        cls,
        layer: Layer,
        snapshots: Mapping[str, StackSnapshot],
        projects: Mapping[str, str],
        commits: CommitDistances,
    ) -> "LayerStatus":
        """Compare the layer with its upstream layers.

        `snapshots` are by layer, without the layers that could not be read. `projects` maps Pulumi projects
        to layers.
        """
        own = snapshots[layer.name]
        code = next((update for update in own.updates if update.kind == UPDATE), None)
        declared = DeclaredContract.from_outputs(own.outputs)
        upstream = {name: snapshots[name].outputs for name in layer.depends_on if name in snapshots}
        inputs = {name: fields for name, fields in (declared.inputs or {}).items() if name in upstream}
        previous = compatibility.outputs_at_last_update(own.resources, projects)
        is_deployed = own.is_deployed
        return cls(
            layer=layer,
            deployed=is_deployed,
            update=own.updates[0] if own.updates else None,
            deployed_from=code,
            last_good=next((update for update in own.updates if update.succeeded), None),
            distance=commits.distance(layer, code.commit) if code and is_deployed else None,
            resources=own.resource_count,
            pending=own.pending,
            inputs_known=declared.inputs is not None and len(upstream) == len(layer.depends_on),
            missing=compatibility.find_missing_inputs(layer.name, inputs, upstream) if is_deployed else (),
            stale=compatibility.find_changed_inputs(layer.name, previous, upstream, inputs)
            if is_deployed
            else (),
            holder=own.holder,
        )

    @property
    def stale_known(self) -> bool:
        """Whether `stale` is complete. A refresh replaces the upstream outputs that the last update read."""
        return self.update is None or self.update.kind != REFRESH

    @property
    def contract_holds(self) -> bool | None:
        """Whether the upstream layers have all inputs; None if the inputs are unknown."""
        return not self.missing if self.inputs_known else None

    def as_dict(self) -> dict[str, Any]:
        """Return the status for JSON."""
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
                {
                    "layer": violation.producer,
                    "field": violation.field,
                    "wanted": violation.expected,
                    "found": violation.actual,
                }
                for violation in self.missing
            ],
            "stale": [{"layer": changed.producer, "field": changed.field} for changed in self.stale],
            "stale_known": self.stale_known,
            "locked_by": self.holder.as_dict() if self.holder else None,
        }
