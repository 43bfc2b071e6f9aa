"""Bills of materials, validated with CycloneDX's own schema."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from operations.security.sbom import describe_package, find_packages
from orchestration.environments import Environment, find_environment
from orchestration.pulumi import mocked_program
from shared.packaging import ROOT
from tests.stacks.guarded import SIGNED

METADATA = "Metadata-Version: 2.4\nName: msgspec\nVersion: 0.22.0\nLicense-Expression: BSD-3-Clause\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "fraud.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("msgspec-0.22.0.dist-info/METADATA", METADATA)
        archive.writestr("msgspec/__init__.py", "")
        archive.writestr("functions/fraud/handler.py", "handle = None")
        archive.writestr("functions/fraud/__pycache__/handler.cpython-311.pyc", b"\0")
        archive.writestr("functions/fraud/rules.json", "{}")
    return path


def read_components(package: Path) -> dict[str, Any]:
    bom = json.loads(describe_package("fraud-pipeline-fraud", package))
    return {component["bom-ref"]: component for component in bom["components"]}


def test_bill_is_valid_and_the_same_for_the_same_package(package: Path) -> None:
    bill = describe_package("fraud-pipeline-fraud", package)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None
    assert describe_package("fraud-pipeline-fraud", package) == bill


def test_library_has_its_version_licence_and_package_url(package: Path) -> None:
    library = read_components(package)["msgspec==0.22.0"]
    assert library["purl"] == "pkg:pypi/msgspec@0.22.0"
    assert "BSD-3-Clause" in json.dumps(library["licenses"])


def test_own_files_are_listed_with_their_hash_and_without_bytecode(package: Path) -> None:
    files = {name for name, component in read_components(package).items() if component["type"] == "file"}
    assert files == {"functions/fraud/handler.py", "functions/fraud/rules.json"}
    assert all(read_components(package)[name]["hashes"] for name in files)


def test_every_function_has_a_package_with_its_pinned_libraries() -> None:
    packages = find_packages(find_environment("local"))
    assert len(packages) == len(list((ROOT / "functions").glob("*/handler.py")))
    for package in packages.values():
        assert "msgspec==" in " ".join(read_components(package))


def test_bill_of_a_signed_function_is_that_of_the_package_before_its_signature(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment = find_environment("dev")
    unsigned = find_packages(environment)

    def read_signing_config(environment: Environment, layer: str) -> dict[str, str]:
        own = {key: value for key, value in SIGNED.items() if key.startswith(f"fraud-{layer}:")}
        return {**read_config(environment, layer), **own}

    read_config = mocked_program.read_config
    monkeypatch.setattr(mocked_program, "read_config", read_signing_config)
    assert find_packages(environment) == unsigned
