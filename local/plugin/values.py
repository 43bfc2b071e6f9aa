"""Between the engine's property values and plain Python ones.

Plain values: None, bool, int (whole numbers), float, str, list, dict, `Archive` and the string `UNKNOWN`,
which stands for what a preview cannot know yet. Secrets arrive unwrapped: the provider declares that it does
not take them, so the engine marks them again itself.
"""

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime.rpc import UNKNOWN

from local.plugin.archives import MARK
from local.plugin.errors import PluginError

Plain = Any
Props = dict[str, Any]


@dataclass(frozen=True)
class Archive:
    """A zip file on this machine; `hash` is the engine's (hexadecimal SHA-256). What is not known is empty.

    The engine does not tell the path of an archive from the state, only its hash.
    """

    path: str = ""
    hash: str = ""

    def content(self) -> bytes:
        """The zip's bytes. Raises PluginError if it cannot be read."""
        try:
            return Path(self.path).read_bytes()
        except OSError as error:
            raise PluginError(f"the archive {self.path} cannot be read: {error.strerror}") from error

    def sha256(self) -> str:
        """SHA-256 of the zip, hexadecimal."""
        return self.hash or hashlib.sha256(self.content()).hexdigest()

    def code_sha256(self) -> str:
        """SHA-256 of the zip as Lambda gives it, in base64."""
        return b64encode(bytes.fromhex(self.sha256())).decode()

    def to_property(self) -> PropertyValue:
        """The marked map that stands for it (see `local.plugin.archives`)."""
        path = {"path": PropertyValue(self.path)} if self.path else {}
        return PropertyValue({MARK: PropertyValue(True), "hash": PropertyValue(self.sha256()), **path})


def to_plain(value: PropertyValue) -> Plain:
    """The plain form of one property value. Raises PluginError for an asset that is not a zip file's path."""
    raw = value.value
    match raw:
        case None | bool() | str():
            return raw
        case float():
            return int(raw) if raw.is_integer() else raw
        case Computed():
            return UNKNOWN
        case pulumi.Asset() | pulumi.Archive():
            raise PluginError(
                f"a {type(raw).__name__} is not supported; give a FileArchive with a zip's path"
            )
        case Mapping() if MARK in raw:
            return Archive(**{name: str(raw[name].value) for name in ("path", "hash") if name in raw})
        case Mapping():
            return {key: to_plain(item) for key, item in raw.items()}
        case tuple():
            return [to_plain(item) for item in raw]
        case _:
            raise PluginError(f"a {type(raw).__name__} is not supported as a property value")


def to_plain_map(values: Mapping[str, PropertyValue]) -> Props:
    """Plain values by property; nulls are left out, since AWS does not tell them from absent ones."""
    plain = {key: to_plain(value) for key, value in values.items()}
    return {key: value for key, value in plain.items() if value is not None}


def to_property(value: Plain) -> PropertyValue:
    """The engine's form of one plain value."""
    match value:
        case None | bool() | str():
            return PropertyValue(value)
        case int() | float():
            return PropertyValue(float(value))
        case Archive():
            return value.to_property()
        case Mapping():
            return PropertyValue({str(key): to_property(item) for key, item in value.items()})
        case Sequence():
            return PropertyValue([to_property(item) for item in value])
        case _:
            return PropertyValue(str(value))


def to_property_map(values: Mapping[str, Plain]) -> dict[str, PropertyValue]:
    """The engine's form of plain values by property; None is left out."""
    return {key: to_property(value) for key, value in values.items() if value is not None}


def has_unknown(value: Plain) -> bool:
    """Whether a preview's unknown is anywhere inside the value."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    # An unknown inside a text makes the whole text unknown, so equality is enough.
    return bool(value == UNKNOWN)
