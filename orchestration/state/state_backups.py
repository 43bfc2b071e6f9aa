"""Backups of stack states: a backup is saved before every change of a stack, and can be restored.

Only the state maps Pulumi's resources to AWS's. Secrets in a backup are encrypted.
"""

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.table import Table

from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.pulumi import backend
from orchestration.pulumi.engine import Engine
from orchestration.state import backup_store, state_document
from orchestration.state.backup_store import Backup, BackupStore
from orchestration.state.state_document import StateDifference, StateDocument
from orchestration.state.state_files import StateFiles, open_state_files
from terminal.command_line import command_line
from terminal.errors import UserError
from terminal.output import console, print_json, print_message

Confirm = Callable[[str], None]


@dataclass(frozen=True)
class StateBackups:
    """The backups of one environment. `save` can run in parallel for different layers."""

    environment: Environment
    engine: Engine
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def save(self, layer: Layer) -> Backup | None:
        """Save the layer's state; None if it equals the newest backup, or if there is no state."""
        document = self._read_state(layer)
        if state_document.is_empty(document):
            return None
        digest = state_document.compute_digest(document)
        newest = self.list(layer)[-1:]
        if newest and newest[0].digest == digest:
            return None
        resources = len(state_document.list_resources(document))
        backup = Backup(f"{self.now():%Y%m%d-%H%M%S-%f}-{digest}", resources)
        self._store.write(self._file_name(layer, backup), json.dumps(document).encode())
        self._store.delete_expired(self._folder(layer))
        return backup

    def list(self, layer: Layer) -> Sequence[Backup]:
        """Return the layer's backups, newest last."""
        return backup_store.list_backups(self._store, self._folder(layer))

    def restore(self, layer: Layer, id_: str, confirm: Confirm) -> None:
        """Replace the state by a backup, after confirmation and a backup of the current state."""
        backup = self._find(layer, id_)
        earlier: StateDocument = json.loads(self._store.read(self._file_name(layer, backup)) or b"{}")
        current = self._read_state(layer)
        difference = state_document.compare_documents(current, earlier)
        if not difference and state_document.compute_digest(current) == backup.digest:
            print_message(f"The state of {layer.name} equals the backup. Nothing to restore.")
            return
        _print_difference(difference)
        confirm(
            f"Restore the state of {layer.name} in '{self.environment.name}' from {backup.created_at} UTC?"
        )
        replaced = self.save(layer)
        if replaced:
            print_message(f"The replaced state was saved as backup {replaced.id}")
        self._import(layer, earlier)
        if state_document.compare_documents(self._read_state(layer), earlier):
            raise UserError(
                f"{layer.name}: the state differs from the backup, because another update changed it.",
                "Check who deploys the layer, then restore the backup again.",
            )
        drift = command_line("drift", env=self.environment.name, layer=layer.name)
        print_message(f"The state of {layer.name} was restored. To compare it with AWS: {drift}")

    def _import(self, layer: Layer, document: StateDocument) -> None:
        self.engine.create_stack(layer)
        with TemporaryDirectory() as folder:
            file = Path(folder) / "state.json"
            file.write_text(json.dumps(document), encoding="utf-8")
            self.engine.run_cli(
                layer, "stack", "import", "--file", str(file), "--stack", self.environment.name
            )

    def _read_state(self, layer: Layer) -> StateDocument:
        """Read the state from the backend's file if possible, because the CLI takes half a second."""
        file = f".pulumi/stacks/{layer.project}/{self.environment.name}.json"
        if self._files:
            if content := self._files.read(file):
                return state_document.convert_checkpoint(json.loads(content))
            if content := self._files.read(f"{file}.gz"):
                return state_document.convert_checkpoint(json.loads(gzip.decompress(content)))
        return self.engine.export_state(layer)

    def _find(self, layer: Layer, id_: str) -> Backup:
        for backup in self.list(layer):
            if backup.id == id_:
                return backup
        backups = command_line("state.backups", env=self.environment.name, layer=layer.name)
        raise UserError(
            f"Backup '{id_}' of {layer.name} in '{self.environment.name}' does not exist.",
            f"List the backups: {backups}",
        )

    def _folder(self, layer: Layer) -> str:
        return f"{layer.project}/{self.environment.name}"

    def _file_name(self, layer: Layer, backup: Backup) -> str:
        return f"{self._folder(layer)}/{backup.file}"

    @cached_property
    def _store(self) -> BackupStore:
        return backup_store.open_backup_store(self.environment)

    @cached_property
    def _files(self) -> StateFiles | None:
        url = backend.find_backend_url(self.environment)
        return open_state_files(url) if url else None


def print_backups(state_backups: StateBackups, layers: Sequence[Layer], *, as_json: bool = False) -> None:
    """Print the backups of layers, newest first."""
    by_layer = {layer.name: list(reversed(state_backups.list(layer))) for layer in layers}
    if as_json:
        print_json(
            {
                name: [
                    {"id": backup.id, "when": f"{backup.created_at}Z", "resources": backup.resources}
                    for backup in backups
                ]
                for name, backups in by_layer.items()
            }
        )
        return
    if not any(by_layer.values()):
        print_message(
            f"There are no backups of {', '.join(by_layer)} in '{state_backups.environment.name}'."
            " A backup is saved before each change."
        )
        return
    table = Table(title="States before changes", title_justify="left", title_style="bold")
    for column in ("layer", "id", "when (UTC)"):
        table.add_column(column)
    table.add_column("resources", justify="right")
    for name, backups in by_layer.items():
        for backup in backups:
            table.add_row(name, backup.id, backup.created_at, str(backup.resources))
    console.print(table)


def _print_difference(difference: StateDifference) -> None:
    for change, names in (
        ("added to the state", difference.restored),
        ("removed from the state, but not from AWS", difference.removed),
        ("reverted in the state", difference.changed),
    ):
        if names:
            console.print(f"{len(names)} {change}: {', '.join(names)}", markup=False)
    if not difference:
        console.print("The resources are the same. Only metadata of Pulumi differs.")
