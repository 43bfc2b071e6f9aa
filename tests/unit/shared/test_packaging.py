"""Zips: the same input is the same bytes, whatever the machine did in between."""

import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.packaging import PackagingError, code_hash, package, processor

NO_REQUIREMENTS = "# none\n"


def write_function(
    root: Path, requirements: str = NO_REQUIREMENTS, code: str = "def handle(): ...\n"
) -> Path:
    for name, text in {
        "common/runtime/clock.py": "",
        "api/handler.py": code,
        "api/requirements.txt": requirements,
        "api/__pycache__/handler.cpython-311.pyc": "compiled",
        "fraud/handler.py": "",
    }.items():
        file = root / "functions" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def test_a_zip_holds_the_function_and_what_functions_share_and_nothing_else(tmp_path: Path) -> None:
    archive = package("api", architecture="arm64", root=write_function(tmp_path))
    assert zipfile.ZipFile(archive).namelist() == [
        "functions/api/handler.py",
        "functions/common/runtime/clock.py",
    ]


def test_the_same_input_is_the_same_zip_in_another_place_at_another_time(tmp_path: Path) -> None:
    here, there = (write_function(tmp_path / name) for name in ("here", "there"))
    for file in there.rglob("*.py"):
        os.utime(file, (1, 1))
        file.chmod(0o600)
    first, second = (package("api", architecture="arm64", root=root) for root in (here, there))
    assert first.read_bytes() == second.read_bytes()
    assert first.name == second.name


def test_other_code_is_another_zip(tmp_path: Path) -> None:
    first = package("api", architecture="arm64", root=write_function(tmp_path))
    second = package("api", architecture="arm64", root=write_function(tmp_path, code="x = 1\n"))
    assert code_hash(first) != code_hash(second)


def test_files_of_the_stack_go_in_where_it_says(tmp_path: Path) -> None:
    root = write_function(tmp_path)
    rules = {"functions/api/rules.json": b"{}"}
    archive = package("api", architecture="arm64", extra_files=rules, root=root)
    assert zipfile.ZipFile(archive).read("functions/api/rules.json") == b"{}"


def test_everyone_may_read_what_is_in_a_zip(tmp_path: Path) -> None:
    archive = package("api", architecture="arm64", root=write_function(tmp_path))
    modes = {entry.external_attr >> 16 for entry in zipfile.ZipFile(archive).infolist()}
    assert modes == {0o100644}


def test_stacks_side_by_side_make_one_zip_and_leave_no_drafts(tmp_path: Path) -> None:
    root = write_function(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        archives = set(threads.map(lambda _: package("api", architecture="arm64", root=root), range(8)))
    (archive,) = archives
    assert list(archive.parent.iterdir()) == [archive]
    assert zipfile.ZipFile(archive).testzip() is None


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_C3_dependencies_are_built_for_python_3_11_on_lambdas_processor(architecture: str) -> None:
    names = zipfile.ZipFile(package("api", architecture=architecture)).namelist()
    compiled = [name for name in names if name.startswith("msgspec/") and name.endswith(".so")]
    machine = {"arm64": "aarch64", "x86_64": "x86_64"}[architecture]
    assert compiled
    assert all(f"cpython-311-{machine}-linux-gnu" in name for name in compiled)
    assert not [name for name in names if name.startswith(("boto3/", "botocore/"))]


def test_a_package_index_that_cannot_be_reached_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"INDEX_URL": "http://127.0.0.1:9/simple", "RETRIES": "0", "NO_INPUT": "1"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    root = write_function(tmp_path, f"nothing==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(PackagingError) as caught:
        package("api", architecture="arm64", root=root)
    told = str(caught.value)
    assert told.startswith("the dependencies of the function 'api' could not be installed: ")
    assert told.endswith("is a package index reachable?")
    assert "\n" not in told


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_an_architecture_is_lambdas_own_word(architecture: str) -> None:
    assert processor(architecture) == architecture


def test_the_host_has_one_of_lambdas_architectures() -> None:
    assert processor("host") in ("arm64", "x86_64")
