"""A layer's stack, made once, so that how its secrets are encrypted can be committed with its settings."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from orchestration.bootstrap.resource import Part, Setting
from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.state import settings_file
from terminal.output import say


class Stacks(Protocol):
    """What this needs of the engine."""

    def make(self, layer: Layer) -> None: ...
    def exported(self, layer: Layer) -> Mapping[str, Any]: ...


class LayerStack(Part):
    """The stack of one layer in one environment."""

    kind = "stack"

    def __init__(self, engine: Stacks, environment: Environment, layer: Layer) -> None:
        self.name = layer.name
        self._engine = engine
        self._layer = layer
        self._file = environment.settings_file(layer.name)
        self._shown = self._file.relative_to(environment.root)
        self._state: Mapping[str, Any] | None = None

    def is_there(self) -> bool:
        if not self._state:
            self._state = self._engine.exported(self._layer)
        return bool(self._state)

    def make(self) -> None:
        self._engine.make(self._layer)

    def settings(self) -> Sequence[Setting]:
        return [Setting(f"secrets in {self._shown}", self._knows_encryption, self._write_encryption)]

    def _knows_encryption(self) -> bool:
        return bool(settings_file.encryption(_text(self._file))) or not self._encryption()

    def _write_encryption(self) -> None:
        """Who made the stack has not committed its file, or the file was put back."""
        text = settings_file.with_encryption(_text(self._file), self._encryption())
        self._file.write_text(text, encoding="utf-8")
        say(f"{self._shown} says again how the stack's secrets are encrypted: commit it.")

    def _encryption(self) -> dict[str, str]:
        """What the state knows of it; nothing if Pulumi Cloud or a passphrase encrypts."""
        provider = (self._state or {}).get("secrets_providers") or {}
        if provider.get("type") != "cloud":
            return {}
        state = provider["state"]
        return {"secretsprovider": state["url"], "encryptedkey": state["encryptedkey"]}


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
