"""A layer's stack, which bootstrap creates so that its encryption settings can be committed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestration.bootstrap.resource import Resource, Setting
from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.pulumi import settings_file
from orchestration.pulumi.engine import Engine
from terminal.output import print_message


class LayerStack(Resource):
    """The stack of one layer in one environment."""

    kind = "stack"

    def __init__(self, engine: Engine, environment: Environment, layer: Layer) -> None:
        self.name = layer.name
        self._engine = engine
        self._layer = layer
        self._file = environment.settings_file(layer.name)
        self._relative_path = self._file.relative_to(environment.root)
        self._deployment: Mapping[str, Any] | None = None

    def exists(self) -> bool:
        if not self._deployment:
            self._deployment = self._engine.export_deployment(self._layer)
        return bool(self._deployment)

    def create(self) -> None:
        self._engine.create_stack(self._layer)

    def settings(self) -> Sequence[Setting]:
        return [Setting(f"secrets in {self._relative_path}", self._has_encryption, self._write_encryption)]

    def _has_encryption(self) -> bool:
        return bool(settings_file.read_encryption(_read_text(self._file))) or not self._state_encryption()

    def _write_encryption(self) -> None:
        """Write the encryption settings again, because the file was not committed or was reverted."""
        text = settings_file.append_encryption(_read_text(self._file), self._state_encryption())
        self._file.write_text(text, encoding="utf-8")
        print_message(
            f"{self._relative_path} contains the encryption settings of the stack again. Commit the file."
        )

    def _state_encryption(self) -> dict[str, str]:
        """Return the encryption settings in the state; empty for Pulumi Cloud and for a passphrase."""
        provider = (self._deployment or {}).get("secrets_providers") or {}
        if provider.get("type") != "cloud":
            return {}
        state = provider["state"]
        return {"secretsprovider": state["url"], "encryptedkey": state["encryptedkey"]}


def _read_text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
