"""Deployment packages: contents, reproducible bytes, dependencies."""

import base64
import os
import re
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest

from shared.names import FUNCTIONS
from shared.packaging import (
    HOST,
    ROOT,
    PackagingError,
    build_package,
    code_hash,
    code_hash_hex,
    lambda_architecture,
)

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


def bytecode_path(source: str) -> str:
    folder, _, name = source.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.cpython-311.pyc"


def run_python(folder: Path, code: str) -> str:
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {code}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def test_package_contains_only_the_function_and_the_shared_code_that_it_imports(tmp_path: Path) -> None:
    root = write_function(tmp_path, code="def handle():\n    from functions.common.runtime import clock\n")
    assert zipfile.ZipFile(build_package("api", architecture="arm64", root=root)).namelist() == [
        "functions/api/__pycache__/handler.cpython-311.pyc",
        "functions/api/handler.py",
        "functions/common/runtime/__pycache__/clock.cpython-311.pyc",
        "functions/common/runtime/clock.py",
    ]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_package_is_complete(tmp_path: Path, name: str) -> None:
    """Each module of the package can be imported without the repository."""
    zipfile.ZipFile(build_package(name, architecture=HOST)).extractall(tmp_path)
    modules = [
        ".".join(path.relative_to(tmp_path).with_suffix("").parts)
        for path in tmp_path.glob("functions/**/*.py")
        # Reads environment variables. Its imports are among the others.
        if path.name != "handler.py"
    ]
    # Without `site`, which would add the repository. Lambda's runtime contains boto3.
    paths = [str(tmp_path), str(Path(boto3.__file__).parents[1])]
    code = f"import sys; sys.path += {paths}; [__import__(name) for name in {modules}]"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, check=True)
    assert len(modules) > 20


def test_functions_have_no_imports_that_packaging_does_not_find() -> None:
    for file in ROOT.glob("functions/**/*.py"):
        source = file.read_text()
        assert not re.search(r"\b(importlib|__import__|from \.)", source), file


def test_package_contains_the_bytecode_of_the_function_and_of_its_dependencies() -> None:
    names = zipfile.ZipFile(build_package("api", architecture="arm64")).namelist()
    assert {path for path in names if path.endswith(".pyc")} == {
        bytecode_path(path) for path in names if path.endswith(".py")
    }
    assert "msgspec/__pycache__/structs.cpython-311.pyc" in names


def test_packaged_module_is_loaded_from_its_bytecode(tmp_path: Path) -> None:
    archive = build_package("api", architecture="arm64", root=write_function(tmp_path, code="value = 12\n"))
    folder = tmp_path / "task"
    zipfile.ZipFile(archive).extractall(folder)
    (folder / "functions/api/handler.py").write_text("raise AssertionError('compiled from the source')\n")
    assert run_python(folder, "import functions.api.handler as module; print(module.value)") == "12"


def test_traceback_of_packaged_code_names_the_source_where_the_package_was_extracted(tmp_path: Path) -> None:
    root = write_function(tmp_path, code="def handle():\n    raise ValueError\n")
    folder = tmp_path / "task"
    zipfile.ZipFile(build_package("api", architecture="arm64", root=root)).extractall(folder)
    code = "import functions.api.handler as module; print(module.handle.__code__.co_filename)"
    assert run_python(folder, code) == str(folder / "functions/api/handler.py")


def test_invalid_source_is_reported_with_its_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match=r"'api'.*handler\.py, line 2"):
        build_package("api", architecture="arm64", root=write_function(tmp_path, code="\n1 +\n"))


def test_same_input_produces_the_same_bytes_in_another_folder_at_another_time(tmp_path: Path) -> None:
    here, there = (write_function(tmp_path / name) for name in ("here", "there"))
    for file in there.rglob("*.py"):
        os.utime(file, (1, 1))
        file.chmod(0o600)
    first, second = (build_package("api", architecture="arm64", root=root) for root in (here, there))
    assert first.read_bytes() == second.read_bytes()
    assert first.name == second.name


def test_changed_code_produces_another_hash(tmp_path: Path) -> None:
    first = build_package("api", architecture="arm64", root=write_function(tmp_path))
    second = build_package("api", architecture="arm64", root=write_function(tmp_path, code="x = 1\n"))
    assert code_hash(first) != code_hash(second)
    assert base64.b64decode(code_hash(first)).hex() == code_hash_hex(first)


def test_extra_file_is_packaged_under_its_path(tmp_path: Path) -> None:
    root = write_function(tmp_path)
    rules = {"functions/api/rules.json": b"{}"}
    archive = build_package("api", architecture="arm64", extra_files=rules, root=root)
    assert zipfile.ZipFile(archive).read("functions/api/rules.json") == b"{}"


def test_files_in_a_package_are_readable_by_every_user(tmp_path: Path) -> None:
    archive = build_package("api", architecture="arm64", root=write_function(tmp_path))
    modes = {entry.external_attr >> 16 for entry in zipfile.ZipFile(archive).infolist()}
    assert modes == {0o100644}


def test_concurrent_builds_produce_one_package_and_no_drafts(tmp_path: Path) -> None:
    root = write_function(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        archives = set(threads.map(lambda _: build_package("api", architecture="arm64", root=root), range(8)))
    (archive,) = archives
    assert list(archive.parent.iterdir()) == [archive]
    assert zipfile.ZipFile(archive).testzip() is None


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_C3_dependencies_match_python_3_11_and_the_architecture(architecture: str) -> None:
    names = zipfile.ZipFile(build_package("api", architecture=architecture)).namelist()
    compiled = [name for name in names if name.startswith("msgspec/") and name.endswith(".so")]
    machine = {"arm64": "aarch64", "x86_64": "x86_64"}[architecture]
    assert compiled
    assert all(f"cpython-311-{machine}-linux-gnu" in name for name in compiled)
    assert not [name for name in names if name.startswith(("boto3/", "botocore/"))]


def test_unreachable_package_index_is_reported_on_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"INDEX_URL": "http://127.0.0.1:9/simple", "RETRIES": "0", "NO_INPUT": "1"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    root = write_function(tmp_path, f"nothing==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(PackagingError) as caught:
        build_package("api", architecture="arm64", root=root)
    assert "'api'" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_architecture_of_lambda_is_returned_unchanged(architecture: str) -> None:
    assert lambda_architecture(architecture) == architecture


def test_host_has_an_architecture_of_lambda() -> None:
    assert lambda_architecture("host") in ("arm64", "x86_64")
