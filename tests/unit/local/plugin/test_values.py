"""Between the engine's values and plain ones."""

from pathlib import Path

import pulumi
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime.rpc import _special_archive_sig, _special_sig_key

from local.plugin import archives
from local.plugin.errors import PluginError
from local.plugin.values import (
    UNKNOWN,
    Archive,
    has_unknown,
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


def test_plain_values_travel_there_and_back() -> None:
    plain = {"text": "a", "whole": 3, "part": 0.5, "yes": True, "list": [1, {"deep": "b"}], "map": {}}
    assert to_plain_map(to_property_map(plain)) == plain
    assert isinstance(to_plain_map(to_property_map(plain))["whole"], int)


def test_null_is_as_good_as_absent() -> None:
    assert to_plain_map({"a": PropertyValue(None)}) == {}
    assert to_property_map({"a": None}) == {}


def test_secret_is_unwrapped_and_unknown_is_marked() -> None:
    assert to_plain(PropertyValue("s", is_secret=True)) == "s"
    assert to_plain(PropertyValue(Computed())) == UNKNOWN
    assert has_unknown({"a": [UNKNOWN]})
    assert not has_unknown({"a": ["known"]})


def test_archive_keeps_path_and_hash_through_the_sdk(zip_file: Path) -> None:
    sent = archive_struct(path=str(zip_file), hash=ZIP_SHA256, assets={})
    received = through_the_sdk(sent)
    assert received == {
        "code": {_special_sig_key: _special_archive_sig, "path": str(zip_file), "hash": ZIP_SHA256}
    }


def test_archive_of_the_state_has_a_hash_alone() -> None:
    assert through_the_sdk(archive_struct(hash=ZIP_SHA256))["code"]["hash"] == ZIP_SHA256


def test_archive_without_a_hash_gets_one(zip_file: Path) -> None:
    assert through_the_sdk(archive_struct(path=str(zip_file)))["code"]["hash"] == ZIP_SHA256


def test_archive_tells_the_hash_that_lambda_will(zip_file: Path) -> None:
    assert Archive(str(zip_file)).code_sha256() == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="


def test_archive_that_is_not_there_is_named() -> None:
    with pytest.raises(PluginError, match=r"/nowhere/code\.zip cannot be read"):
        Archive("/nowhere/code.zip").content()


def test_asset_is_refused() -> None:
    with pytest.raises(PluginError, match="give a FileArchive"):
        to_plain(PropertyValue(pulumi.StringAsset("text")))
    with pytest.raises(PluginError, match="give a FileArchive"):
        to_plain(PropertyValue(pulumi.AssetArchive({"a": pulumi.StringAsset("text")})))


def archive_struct(**fields: object) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update({"code": {_special_sig_key: _special_archive_sig, **fields}})
    return struct


def through_the_sdk(struct: struct_pb2.Struct) -> dict[str, dict[str, object]]:
    archives.hide(struct)
    plain = to_plain_map(PropertyValue.unmarshal_map(struct))
    back = PropertyValue.marshal_map({name: to_property(value) for name, value in plain.items()})
    archives.show(back)
    return dict(json_format.MessageToDict(back))
