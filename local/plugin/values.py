"""Conversion between the engine's property values and plain Python values.

Plain values are None, bool, int (whole numbers), float, str, list, dict, `Archive` and the string `UNKNOWN`
for a value that a preview does not know. Secrets arrive unwrapped: the provider declares that it does not
accept them, so the engine marks them again.
"""

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime.rpc import UNKNOWN, _special_archive_sig, _special_sig_key

from local.plugin.errors import PluginError
from terminal.command_line import command_line

Plain = Any
Props = dict[str, Any]
# Key of a marked map, which represents an archive.
_ARCHIVE_MARK = "__archive"


@dataclass(frozen=True)
class Archive:
    """A zip file. `hash` is the engine's hexadecimal SHA-256. A field that is not known is empty.

    The engine sends the hash of an archive in the state, but not its path.
    """

    path: str = ""
    hash: str = ""

    def content(self) -> bytes:
        """The bytes of the file. Raises PluginError if it cannot be read."""
        try:
            return Path(self.path).read_bytes()
        except OSError as error:
            raise PluginError(
                f"The archive {self.path} cannot be read ({error.strerror})."
                f" Build it again: {command_line('deploy')}"
            ) from error

    def sha256(self) -> str:
        """The hexadecimal SHA-256 of the file."""
        return self.hash or hashlib.sha256(self.content()).hexdigest()

    def code_sha256(self) -> str:
        """The base64 SHA-256 of the file, as in Lambda's responses."""
        return b64encode(bytes.fromhex(self.sha256())).decode()

    def to_property(self) -> PropertyValue:
        """The marked map of the archive (see `mark_archives`)."""
        path = {"path": PropertyValue(self.path)} if self.path else {}
        return PropertyValue(
            {_ARCHIVE_MARK: PropertyValue(True), "hash": PropertyValue(self.sha256()), **path}
        )


def to_plain(value: PropertyValue) -> Plain:
    """Convert one property value. Raises PluginError for an asset that is not a FileArchive of a zip file."""
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
                f"A {type(raw).__name__} is not supported by the local aws plugin."
                " Use a FileArchive with the path of a zip file."
            )
        case Mapping() if _ARCHIVE_MARK in raw:
            return Archive(**{name: str(raw[name].value) for name in ("path", "hash") if name in raw})
        case Mapping():
            return {key: to_plain(item) for key, item in raw.items()}
        case tuple():
            return [to_plain(item) for item in raw]
        case _:
            raise PluginError(
                f"A property value of type {type(raw).__name__} is not supported by the local aws plugin."
                " Use a JSON value or a FileArchive."
            )


def to_plain_map(values: Mapping[str, PropertyValue]) -> Props:
    """Convert property values, without nulls: AWS does not distinguish them from absent values."""
    plain = {key: to_plain(value) for key, value in values.items()}
    return {key: value for key, value in plain.items() if value is not None}


def to_property(value: Plain) -> PropertyValue:
    """Convert one plain value to the engine's value."""
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
    """Convert plain values to the engine's values, without None."""
    return {key: to_property(value) for key, value in values.items() if value is not None}


def has_unknown(value: Plain) -> bool:
    """Whether the value contains an unknown at any depth."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    # A string that contains an unknown is unknown as a whole, so equality is sufficient.
    return bool(value == UNKNOWN)


def mark_archives(properties: Any) -> None:
    """Replace the file archives in a protobuf Struct of properties with marked maps.

    The engine sends a new archive with its hash and an empty list of assets, and an archive of the state with
    its hash only. It requires the hash in the response. The SDK reads the list, drops the hash and fails
    without a path, so an archive passes through the SDK as a marked map.
    """
    for value in properties.fields.values():
        fields = value.struct_value.fields
        if _is_file_archive(fields):
            del fields[_special_sig_key]
            fields.pop("assets", None)
            fields[_ARCHIVE_MARK].bool_value = True


def restore_archives(properties: Any) -> None:
    """Replace marked maps with archives; the inverse of `mark_archives`."""
    for value in properties.fields.values():
        fields = value.struct_value.fields
        if _ARCHIVE_MARK in fields:
            del fields[_ARCHIVE_MARK]
            fields[_special_sig_key].string_value = _special_archive_sig


def _is_file_archive(fields: Any) -> bool:
    is_archive = _special_sig_key in fields and fields[_special_sig_key].string_value == _special_archive_sig
    return is_archive and not ("assets" in fields and fields["assets"].struct_value.fields)
