"""A plan in a folder: what was shown, what it was made from, and the engine's own plan for each layer.

`plan.json` holds digests of all that the plan depends on; if any differs when it is applied, it is refused.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from orchestration import layers
from orchestration.environments import Environment
from orchestration.layers import LAYERS, Layer
from orchestration.planning.layer_paths import COMPILERS
from orchestration.planning.plan_view import awaited
from orchestration.planning.scheduler import Fate, Report
from orchestration.pulumi.results import Changes, Outcome, Step
from terminal.errors import UserError

FORMAT = 1
INDEX = "plan.json"


class StateOf(Protocol):
    """What this needs of the engine."""

    def exported(self, layer: Layer) -> Mapping[str, Any]: ...


class OutputsOf(Protocol):
    """What this needs to know of other layers."""

    def outputs(self, name: str) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class LayerPlan:
    """What a layer's update would do, and the digests of what it depends on, by what a user calls that."""

    basis: dict[str, str]
    changes: Changes
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Content:
    """The file `plan.json`."""

    format: int
    environment: str
    layers: dict[str, LayerPlan]


@dataclass(frozen=True)
class PlanFolder:
    """The folder of a plan, with an absolute path: the engine works in a stack's folder."""

    path: Path

    @classmethod
    def make(cls, path: Path) -> "PlanFolder":
        """Make the folder; a `UserError` if it holds something else than an older plan."""
        folder = cls(path.resolve())
        if path.is_dir() and any(path.iterdir()) and not (path / INDEX).exists():
            raise UserError(f"{path} holds something else than a plan.", "Name a new folder.")
        try:
            path.mkdir(parents=True, exist_ok=True)
            (path / INDEX).unlink(missing_ok=True)
        except OSError as error:
            raise UserError(f"{path} cannot be written ({error.strerror}).") from error
        return folder

    def engine_plan(self, layer: Layer) -> Path:
        """The engine's plan for a layer."""
        return self.path / f"{layer.name}.json"

    def save(
        self, environment: Environment, plan: Iterable[Report[Outcome]], state: StateOf, others: OutputsOf
    ) -> None:
        """Write down what was shown and what it depends on.

        Refused is what is made of placeholders, or of values that the same plan would change: the engine
        would find something else to do than planned, after the other layers have changed.
        """
        saved: dict[str, LayerPlan] = {}
        plan = tuple(plan)
        for name, fields in awaited(plan).items():
            raise UserError(
                f"No plan was saved: what would happen to {name} is not known while it reads"
                f" {', '.join(fields)}, which the same plan changes.",
                "Plan and deploy the layers that it reads first.",
            )
        for report in plan:
            layer, outcome = report.layer, report.result or Outcome(Changes())
            if outcome.placeholders:
                raise UserError(
                    f"No plan was saved: what would happen to {layer.name} is not known while it reads"
                    f" {', '.join(sorted(outcome.placeholders))}, not deployed yet.",
                    "Plan and deploy the layers that it reads first.",
                )
            basis = digests(environment, layer, state, others)
            saved[layer.name] = LayerPlan(basis, outcome.changes, outcome.steps)
        content = msgspec.json.encode(Content(FORMAT, environment.name, saved))
        (self.path / INDEX).write_bytes(msgspec.json.format(content))


@dataclass(frozen=True)
class SavedPlan:
    """A plan as it was saved."""

    folder: PlanFolder
    content: Content
    layers: tuple[Layer, ...]

    @classmethod
    def load(cls, path: Path, environment: Environment, all_layers: Sequence[Layer] = LAYERS) -> "SavedPlan":
        """The plan in a folder. Raises UserError if there is none, or one for another environment."""
        try:
            content = msgspec.json.decode((path / INDEX).read_bytes(), type=Content)
        except FileNotFoundError:
            raise UserError(f"{path} holds no plan.", "Make one: invoke deploy --plan DIR") from None
        except (OSError, msgspec.MsgspecError) as error:
            raise UserError(f"{path / INDEX} cannot be read as a plan: {error}.", "Make it anew.") from None
        if content.environment != environment.name:
            raise UserError(f"The plan is for '{content.environment}', not for '{environment.name}'.")
        if content.format != FORMAT:
            raise UserError("The plan was made by another version of this repository.", "Make it anew.")
        chosen = tuple(layers.find(name, all_layers) for name in content.layers)
        return cls(PlanFolder(path.resolve()), content, chosen)

    @property
    def reports(self) -> list[Report[Outcome]]:
        """What was shown."""
        return [
            Report(layer, Fate.DONE, result=Outcome(plan.changes, steps=plan.steps))
            for layer, plan in zip(self.layers, self.content.layers.values(), strict=True)
        ]

    def refuse_if_moved(self, environment: Environment, state: StateOf, others: OutputsOf) -> None:
        """A `UserError` naming layer and reason if anything that the plan was made from is different now."""
        for layer in self.layers:
            then = self.content.layers[layer.name].basis
            now = digests(environment, layer, state, others)
            moved = [what for what in now if now[what] != then.get(what)]
            if moved:
                raise UserError(
                    f"The plan no longer holds: since it was made, {' and '.join(moved)} changed.",
                    f"Nothing was changed. Plan anew: invoke deploy --env {environment.name} --plan DIR",
                )


def digests(environment: Environment, layer: Layer, state: StateOf, others: OutputsOf) -> dict[str, str]:
    """Digests of what a plan for the layer is made from, by what a user calls it."""
    name = layer.name
    return {
        f"the code of {name}": _digest_files(environment.root, _code(environment, layer)),
        f"the settings of {name}": _digest_files(environment.root, [environment.settings_file(name)]),
        f"the state of {name}": _digest(state.exported(layer)),
        **{f"the outputs of {upstream}": _digest(others.outputs(upstream)) for upstream in layer.depends_on},
    }


def _code(environment: Environment, layer: Layer) -> Iterable[Path]:
    root, stack = environment.root, environment.stack_folder(layer.name)
    functions = [root / "functions" / name for name in ("common", *layer.functions)]
    compilers = [root / COMPILERS[name].removesuffix("/**") for name in layer.functions if name in COMPILERS]
    for folder in (stack, root / "shared", *functions, *compilers):
        for path in folder.rglob("*"):
            is_settings = path.parent == stack and path.match("Pulumi.*.yaml")
            if path.is_file() and "__pycache__" not in path.parts and not is_settings:
                yield path
    yield root / "requirements" / "dev.txt"


def _digest_files(root: Path, paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(filter(Path.is_file, paths)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
