"""Saved plan: a folder with the plan that was shown and the engine's plan for each layer.

`plan.json` has digests of everything that the plan was made from. A plan is applied only if none changed.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from orchestration.environments import Environment
from orchestration.layers import LAYERS, Layer, find_layer
from orchestration.planning.contracts import LayerContracts, inputs_changed_by_plan
from orchestration.planning.layer_paths import COMPILERS
from orchestration.planning.scheduler import LayerResult, ResultStatus
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.results import Changes, OperationResult, Step
from terminal.command_line import command_line
from terminal.errors import UserError

FORMAT = 1
INDEX = "plan.json"


@dataclass(frozen=True)
class LayerPlan:
    """Changes of a layer. `basis` has the digests of what the plan depends on, by its name for users."""

    basis: dict[str, str]
    changes: Changes
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class PlanContent:
    """Content of `plan.json`."""

    format: int
    environment: str
    layers: dict[str, LayerPlan]


@dataclass(frozen=True)
class PlanFolder:
    """Folder of a plan. The path is absolute, because the engine works in the folder of a stack."""

    path: Path

    @classmethod
    def create(cls, path: Path) -> "PlanFolder":
        """Create the folder, or empty that of an older plan. Raises UserError if it has other content."""
        if path.is_dir() and any(path.iterdir()) and not (path / INDEX).exists():
            raise UserError(f"--plan: {path} is not empty and not a plan.", "Choose a new folder.")
        try:
            path.mkdir(parents=True, exist_ok=True)
            (path / INDEX).unlink(missing_ok=True)
        except OSError as error:
            raise UserError(
                f"--plan: {path} cannot be written ({error.strerror}).", "Choose another folder."
            ) from error
        return cls(path.resolve())

    def engine_plan(self, layer: Layer) -> Path:
        """Return the path of the engine's plan for a layer."""
        return self.path / f"{layer.name}.json"

    def save(
        self,
        environment: Environment,
        plan: Sequence[LayerResult[OperationResult]],
        engine: Engine,
        contracts: LayerContracts,
    ) -> None:
        """Write `plan.json`.

        Raises UserError if a layer reads placeholders or outputs that the same plan changes: after the change
        the engine would find other changes than planned, and refuse.
        """
        for name, fields in inputs_changed_by_plan(plan).items():
            raise _unknown_changes_error(name, fields, "which the same plan changes")
        layers: dict[str, LayerPlan] = {}
        for result in plan:
            layer, value = result.layer, result.value or OperationResult(Changes())
            if value.placeholders:
                raise _unknown_changes_error(
                    layer.name, sorted(value.placeholders), "which are not deployed yet"
                )
            basis = compute_digests(environment, layer, engine, contracts)
            layers[layer.name] = LayerPlan(basis, value.changes, value.steps)
        content = msgspec.json.encode(PlanContent(FORMAT, environment.name, layers))
        (self.path / INDEX).write_bytes(msgspec.json.format(content))


@dataclass(frozen=True)
class SavedPlan:
    """A plan that was loaded from its folder."""

    folder: PlanFolder
    content: PlanContent
    layers: tuple[Layer, ...]

    @classmethod
    def load(cls, path: Path, environment: Environment, all_layers: Sequence[Layer] = LAYERS) -> "SavedPlan":
        """Load a plan. Raises UserError if the folder has no plan, or one for another environment."""
        command = command_line("deploy", env=environment.name, plan="DIR")
        try:
            content = msgspec.json.decode((path / INDEX).read_bytes(), type=PlanContent)
        except FileNotFoundError:
            raise UserError(f"{path} has no plan.", f"Make one: {command}") from None
        except (OSError, msgspec.MsgspecError) as error:
            raise UserError(
                f"{path / INDEX} is not a valid plan: {error}.", f"Plan again: {command}"
            ) from None
        if content.environment != environment.name:
            raise UserError(
                f"The plan is for '{content.environment}', not for '{environment.name}'.",
                f"Pass --env {content.environment}.",
            )
        if content.format != FORMAT:
            raise UserError(
                "The plan was made by another version of this repository.", f"Plan again: {command}"
            )
        layers = tuple(find_layer(name, all_layers) for name in content.layers)
        return cls(PlanFolder(path.resolve()), content, layers)

    @property
    def results(self) -> list[LayerResult[OperationResult]]:
        """The plan as its preview returned it."""
        return [
            LayerResult(layer, ResultStatus.DONE, value=OperationResult(plan.changes, steps=plan.steps))
            for layer, plan in zip(self.layers, self.content.layers.values(), strict=True)
        ]

    def check_unchanged(self, environment: Environment, engine: Engine, contracts: LayerContracts) -> None:
        """Raise UserError if anything that the plan was made from changed since."""
        for layer in self.layers:
            saved = self.content.layers[layer.name].basis
            current = compute_digests(environment, layer, engine, contracts)
            if changed := [name for name in current if current[name] != saved.get(name)]:
                command = command_line("deploy", env=environment.name, plan="DIR")
                raise UserError(
                    f"The plan is out of date: {' and '.join(changed)} changed since.",
                    f"Nothing was changed. Plan again: {command}",
                )


def compute_digests(
    environment: Environment, layer: Layer, engine: Engine, contracts: LayerContracts
) -> dict[str, str]:
    """Return digests of everything that a plan for the layer depends on, by its name for users."""
    name = layer.name
    return {
        f"the code of {name}": _digest_files(environment.root, _list_code(environment, layer)),
        f"the settings of {name}": _digest_files(environment.root, [environment.settings_file(name)]),
        f"the state of {name}": _digest_value(engine.export_deployment(layer)),
        **{
            f"the outputs of {upstream}": _digest_value(contracts.outputs(upstream))
            for upstream in layer.depends_on
        },
    }


def _unknown_changes_error(layer: str, fields: Sequence[str], reason: str) -> UserError:
    return UserError(
        f"No plan was saved: the changes of {layer} are unknown, because it reads {', '.join(fields)},"
        f" {reason}.",
        "Deploy its upstream layers first, and plan again.",
    )


def _list_code(environment: Environment, layer: Layer) -> Iterable[Path]:
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


def _digest_value(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
