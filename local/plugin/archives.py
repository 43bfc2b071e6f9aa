"""Archives on their way between engine and provider.

The engine sends a new archive with its hash and an empty list of assets, and one from the state with its hash
alone; it needs the hash back. The SDK would take the list, drop the hash, and fail without a path. So an
archive travels through the SDK as a map marked as one.
"""

from typing import Any

from pulumi.runtime.rpc import _special_archive_sig, _special_sig_key

MARK = "__archive"


def hide(properties: Any) -> None:
    """Turn the archives of files, among the properties of a protobuf Struct, into marked maps."""
    for value in properties.fields.values():
        fields = value.struct_value.fields
        if _is_file_archive(fields):
            del fields[_special_sig_key]
            fields.pop("assets", None)
            fields[MARK].bool_value = True


def show(properties: Any) -> None:
    """The opposite of `hide`."""
    for value in properties.fields.values():
        fields = value.struct_value.fields
        if MARK in fields:
            del fields[MARK]
            fields[_special_sig_key].string_value = _special_archive_sig


def _is_file_archive(fields: Any) -> bool:
    is_archive = _special_sig_key in fields and fields[_special_sig_key].string_value == _special_archive_sig
    return is_archive and not ("assets" in fields and fields["assets"].struct_value.fields)
