"""Conversion between the engine's values and plain values."""

from pathlib import Path

import pulumi
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime.rpc import _special_archive_sig, _special_sig_key

from local.plugin.errors import PluginError
from local.plugin.values import (
    UNKNOWN,
    Archive,
    has_unknown,
    mark_archives,
    restore_archives,
    to_plain,
    to_plain_map,
    to_property,
    to_property_map,
)

ZIP_SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture
def zip_file(tmp_path: Path) -> Path:
    path = tmp_path / "code.zip"
    path.write_bytes(b"abc")
    return path


def test_plain_values_are_converted_to_the_engine_and_back() -> None:
    plain = {"text": "a", "whole": 3, "part": 0.5, "yes": True, "list": [1, {"deep": "b"}], "map": {}}
    assert to_plain_map(to_property_map(plain)) == plain
    assert isinstance(to_plain_map(to_property_map(plain))["whole"], int)


def test_null_is_equal_to_an_absent_value() -> None:
    assert to_plain_map({"a": PropertyValue(None)}) == {}
    assert to_property_map({"a": None}) == {}


def test_secret_is_unwrapped_and_unknown_is_marked() -> None:
    assert to_plain(PropertyValue("s", is_secret=True)) == "s"
    assert to_plain(PropertyValue(Computed())) == UNKNOWN
    assert has_unknown({"a": [UNKNOWN]})
    assert not has_unknown({"a": ["known"]})


def test_sdk_preserves_path_and_hash_of_an_archive(zip_file: Path) -> None:
    struct = archive_struct(path=str(zip_file), hash=ZIP_SHA256, assets={})
    assert convert_with_sdk(struct) == {
        "code": {_special_sig_key: _special_archive_sig, "path": str(zip_file), "hash": ZIP_SHA256}
    }


def test_archive_of_the_state_has_only_a_hash() -> None:
    assert convert_with_sdk(archive_struct(hash=ZIP_SHA256))["code"]["hash"] == ZIP_SHA256


def test_archive_without_a_hash_gets_one(zip_file: Path) -> None:
    assert convert_with_sdk(archive_struct(path=str(zip_file)))["code"]["hash"] == ZIP_SHA256


def test_code_hash_of_an_archive_is_the_hash_of_lambda(zip_file: Path) -> None:
    assert Archive(str(zip_file)).code_sha256() == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="


def test_error_of_a_missing_archive_names_the_file() -> None:
    with pytest.raises(PluginError, match=r"/nowhere/code\.zip"):
        Archive("/nowhere/code.zip").content()


def test_asset_is_rejected() -> None:
    with pytest.raises(PluginError, match="StringAsset"):
        to_plain(PropertyValue(pulumi.StringAsset("text")))
    with pytest.raises(PluginError, match="AssetArchive"):
        to_plain(PropertyValue(pulumi.AssetArchive({"a": pulumi.StringAsset("text")})))


def archive_struct(**fields: object) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update({"code": {_special_sig_key: _special_archive_sig, **fields}})
    return struct


def convert_with_sdk(struct: struct_pb2.Struct) -> dict[str, dict[str, object]]:
    mark_archives(struct)
    plain = to_plain_map(PropertyValue.unmarshal_map(struct))
    back = PropertyValue.marshal_map({name: to_property(value) for name, value in plain.items()})
    restore_archives(back)
    return dict(json_format.MessageToDict(back))
