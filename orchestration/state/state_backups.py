"""Copies of a stack's state: one is kept before every change, and can be put back.

The state is what Pulumi knows of the account, and nothing else does. Secrets in a copy stay encrypted.
"""

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from rich.table import Table

from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.state import backend, backup_store, state_document, state_files
from orchestration.state.backup_store import Kept, Place
from orchestration.state.state_document import Difference, Document
from terminal.errors import UserError
from terminal.output import console, print_json, say

Confirm = Callable[[str], None]


class StateEngine(Protocol):
    """What this needs of the engine."""

    def make(self, layer: Layer) -> None: ...
    def document(self, layer: Layer) -> dict[str, Any]: ...
    def ask(self, layer: Layer, *arguments: str) -> str: ...


@dataclass(frozen=True)
class Backups:
    """The copies of one environment's states. `save` may run side by side, one per layer."""

    environment: Environment
    engine: StateEngine
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def save(self, layer: Layer) -> Kept | None:
        """Keep a copy of the layer's state; None if the newest is the same, or nothing is there."""
        document = self._present(layer)
        if state_document.is_empty(document):
            return None
        digest = state_document.digest(document)
        newest = self.kept(layer)[-1:]
        if newest and newest[0].digest == digest:
            return None
        kept = Kept(f"{self.now():%Y%m%d-%H%M%S-%f}-{digest}", len(state_document.resources(document)))
        self._place.write(self._name(layer, kept), json.dumps(document).encode())
        self._place.forget_old(self._folder(layer))
        return kept

    def kept(self, layer: Layer) -> Sequence[Kept]:
        """The layer's copies, the newest last."""
        return backup_store.names(self._place, self._folder(layer))

    def restore(self, layer: Layer, id_: str, confirm: Confirm) -> None:
        """Put a copy in the place of the state, after keeping a copy of that and asking."""
        kept = self._find(layer, id_)
        then: Document = json.loads(self._place.read(self._name(layer, kept)) or b"{}")
        now = self._present(layer)
        difference = state_document.difference(now, then)
        if not difference and state_document.digest(now) == kept.digest:
            say(f"The state of {layer.name} is what it was then: nothing to restore.")
            return
        _show(difference)
        confirm(f"Put the state of {layer.name} in '{self.environment.name}' back to that of {kept.when}?")
        before = self.save(layer)
        if before:
            say(f"What it was until now is kept: {before.id}")
        self._import(layer, then)
        if state_document.difference(self._present(layer), then):
            raise UserError(
                f"{layer.name}: the state is not what was put back.", "Somebody else changed it meanwhile."
            )
        say(
            f"Restored. What differs from AWS now: invoke drift --env {self.environment.name}"
            f" --layer {layer.name}"
        )

    def _import(self, layer: Layer, document: Document) -> None:
        self.engine.make(layer)
        with TemporaryDirectory() as folder:
            file = Path(folder) / "state.json"
            file.write_text(json.dumps(document), encoding="utf-8")
            self.engine.ask(layer, "stack", "import", "--file", str(file), "--stack", self.environment.name)

    def _present(self, layer: Layer) -> Document:
        """The state, from the backend's own file where there is one: asking the CLI takes half a second."""
        file = f".pulumi/stacks/{layer.project}/{self.environment.name}.json"
        if self._files:
            if content := self._files.read(file):
                return state_document.of_checkpoint(json.loads(content))
            if content := self._files.read(f"{file}.gz"):
                return state_document.of_checkpoint(json.loads(gzip.decompress(content)))
        return self.engine.document(layer)

    def _find(self, layer: Layer, id_: str) -> Kept:
        for kept in self.kept(layer):
            if kept.id == id_:
                return kept
        raise UserError(
            f"There is no backup '{id_}' of {layer.name} in '{self.environment.name}'.",
            f"See which there are: invoke state.backups --env {self.environment.name} --layer {layer.name}",
        )

    def _folder(self, layer: Layer) -> str:
        return f"{layer.project}/{self.environment.name}"

    def _name(self, layer: Layer, kept: Kept) -> str:
        return f"{self._folder(layer)}/{kept.file}"

    @cached_property
    def _place(self) -> Place:
        return backup_store.place_of(self.environment)

    @cached_property
    def _files(self) -> state_files.StateFiles | None:
        url = backend.backend_url(self.environment)
        return state_files.at(url) if url else None


def show(backups: Backups, layers: Sequence[Layer], *, as_json: bool = False) -> None:
    """Print the copies of the layers' states, the newest first."""
    found = {layer.name: list(reversed(backups.kept(layer))) for layer in layers}
    if as_json:
        print_json(
            {
                name: [
                    {"id": kept.id, "when": f"{kept.when}Z", "resources": kept.resources} for kept in copies
                ]
                for name, copies in found.items()
            }
        )
        return
    if not any(found.values()):
        say(f"No state of {', '.join(found)} is kept in '{backups.environment.name}': nothing changed yet.")
        return
    table = Table(title="States before changes", title_justify="left", title_style="bold")
    for column in ("layer", "id", "when (UTC)"):
        table.add_column(column)
    table.add_column("resources", justify="right")
    for name, copies in found.items():
        for kept in copies:
            table.add_row(name, kept.id, kept.when, str(kept.resources))
    console.print(table)


def _show(difference: Difference) -> None:
    for words, names in (
        ("known again", difference.back),
        ("no longer known (and left alone in AWS)", difference.gone),
        ("known as they were then", difference.other),
    ):
        if names:
            console.print(f"{len(names)} {words}: {', '.join(names)}", markup=False)
    if not difference:
        console.print("The resources are the same; only Pulumi's own notes differ.")
