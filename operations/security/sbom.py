"""The software bill of materials of each function: what its package consists of, in CycloneDX."""

import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from orchestration.environments import Environment
from orchestration.layers import LAYERS
from orchestration.pulumi import mocked_program

# As in the package itself, so that the same package has the same bill.
_NO_TIME = datetime(1980, 1, 1, tzinfo=UTC)
_METADATA = ".dist-info/METADATA"
# Shared code and the function's own, in the same package.
_OWN_CODE = "functions/"


def find_packages(environment: Environment) -> dict[str, Path]:
    """The package of each function by the function's name, built as a deployment builds it.

    Raises LayerError if the program of a layer fails.
    """
    return {
        name: package
        for layer in LAYERS
        for type_, inputs in mocked_program.list_declared_resources(environment, layer)
        for name, package in _find_package(type_, inputs)
    }


def _find_package(type_: str, inputs: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    if type_ == "aws:lambda/function:Function" and inputs.get("code"):
        yield inputs["name"], Path(inputs["code"].path)
    if type_ == "aws:s3/bucketObjectv2:BucketObjectv2":
        # A package before its signature: shared/signed_package.py names its folder after the function.
        yield Path(inputs["key"]).parent.name, Path(inputs["source"].path)


def describe_package(function: str, package: Path) -> str:
    """The bill of materials of a package as JSON."""
    with zipfile.ZipFile(package) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    digest = _sha256(package.read_bytes())
    bom = Bom(serial_number=uuid5(NAMESPACE_OID, digest.content))
    bom.metadata.timestamp = _NO_TIME
    bom.metadata.component = Component(
        name=function, type=ComponentType.APPLICATION, bom_ref=function, hashes=[digest]
    )
    components = [*_libraries(contents), *_own_files(contents)]
    bom.components.update(components)
    bom.register_dependency(bom.metadata.component, components)
    return JsonV1Dot6(bom).output_as_string(indent=2)


def _libraries(contents: Mapping[str, bytes]) -> Iterator[Component]:
    """The installed packages. Lambda's runtime adds Python and boto3, which no package contains."""
    for path, content in sorted(contents.items()):
        if path.endswith(_METADATA):
            yield _library(message_from_bytes(content))


def _library(metadata: Message) -> Component:
    name, version = metadata["Name"], metadata["Version"]
    licence = metadata["License-Expression"] or metadata["License"]
    return Component(
        name=name,
        version=version,
        bom_ref=f"{name}=={version}",
        purl=PackageURL("pypi", name=name, version=version),
        licenses=[LicenseFactory().make_from_string(licence)] if licence else [],
    )


def _own_files(contents: Mapping[str, bytes]) -> Iterator[Component]:
    for path, content in sorted(contents.items()):
        if path.startswith(_OWN_CODE) and not path.endswith(".pyc"):
            yield Component(name=path, type=ComponentType.FILE, bom_ref=path, hashes=[_sha256(content)])


def _sha256(content: bytes) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(content).hexdigest())
