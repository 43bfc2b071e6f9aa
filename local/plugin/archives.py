"""Conversion of archives in messages between the engine and the provider.

The engine sends a new archive with its hash and an empty list of assets, and an archive of the state with its
hash only. It requires the hash in the response. The SDK reads the list, drops the hash and fails without a
path, so an archive passes through the SDK as a marked map.
"""

from typing import Any

from pulumi.runtime.rpc import _special_archive_sig, _special_sig_key

MARK = "__archive"


def mark_archives(properties: Any) -> None:
    """Replace the file archives in a protobuf Struct of properties with marked maps."""
    for value in properties.fields.values():
        fields = value.struct_value.fields
        if _is_file_archive(fields):
            del fields[_special_sig_key]
            fields.pop("assets", None)
            fields[MARK].bool_value = True


def restore_archives(properties: Any) -> None:
    """Replace marked maps with archives; the inverse of `mark_archives`."""
    for value in properties.fields.values():
        fields = value.struct_value.fields
        if MARK in fields:
            del fields[MARK]
            fields[_special_sig_key].string_value = _special_archive_sig


def _is_file_archive(fields: Any) -> bool:
    is_archive = _special_sig_key in fields and fields[_special_sig_key].string_value == _special_archive_sig
    return is_archive and not ("assets" in fields and fields["assets"].struct_value.fields)
