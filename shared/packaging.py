"""The deployment package of a function: its code, the shared code that it imports, and its dependencies.

The same input and patch version of Python produce the same bytes. Dependencies come from the function's
hash-pinned requirements, built for its Python version and architecture, and are cached in the user's cache
folder. They do not include boto3, because Lambda's runtime provides it. `shared.bytecode` adds the bytecode
of each Python source.
"""

import base64
import hashlib
import io
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from shared.atomic_write import write_atomically
from shared.bytecode import OPTIMIZATION, compile_modules
from shared.imports import find_imported_files

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = "python3.11"
HOST = "host"
# Lambda's Python 3.11 runs on Amazon Linux 2. Its C library (2.26) is compatible with manylinux2014 wheels.
_WHEEL_PLATFORMS = {"arm64": "manylinux2014_aarch64", "x86_64": "manylinux2014_x86_64"}
_EPOCH = (1980, 1, 1, 0, 0, 0)
# Files that pip writes about an installation. They differ between installations.
_PIP_FILES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}


class PackagingError(Exception):
    """The package of a function cannot be built. The message is one line without a final period."""


def lambda_architecture(architecture: str) -> str:
    """The architecture in Lambda's terms: `arm64` or `x86_64`. `host` means that of this machine."""
    if architecture != HOST:
        return architecture
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def build_package(
    name: str, *, architecture: str, extra_files: Mapping[str, bytes] | None = None, root: Path = ROOT
) -> Path:
    """Build the package of `functions/<name>` for an architecture, or for this machine (`host`).

    `extra_files`: contents by path in the package. Raises PackagingError.
    """
    files = {
        **_read_files(
            _install_dependencies(root / "functions" / name / "requirements.txt", name, architecture)
        ),
        **_read_sources(root, name),
        **(extra_files or {}),
    }
    return _write_zip(root / ".cache" / "packages", name, files)


def code_hash(archive: Path) -> str:
    """The SHA-256 of a package in base64, the form that Lambda uses."""
    return base64.b64encode(_content_digest(archive)).decode()


def code_hash_hex(archive: Path) -> str:
    """The SHA-256 of a package in hexadecimal, for names."""
    return _content_digest(archive).hex()


def _content_digest(archive: Path) -> bytes:
    return hashlib.sha256(archive.read_bytes()).digest()


def _read_sources(root: Path, name: str) -> dict[str, bytes]:
    try:
        files = find_imported_files(root, f"functions.{name}.handler")
    except SyntaxError as error:
        raise PackagingError(f"The function '{name}' cannot be compiled: {error}") from error
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def _read_files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and path.name not in _PIP_FILES
        and path.suffix != ".pyi"
    }


def _write_zip(folder: Path, name: str, files: Mapping[str, bytes]) -> Path:
    # Compiled files depend on the interpreter, and take longer than this digest of the sources.
    digest = hashlib.sha256(f"bytecode of {sys.version} level {OPTIMIZATION}\0".encode())
    for path in sorted(files):
        digest.update(f"{path}\0{len(files[path])}\0".encode() + files[path])
    archive = folder / f"{name}-{digest.hexdigest()[:16]}.zip"
    if archive.exists():
        return archive
    entries = {**files, **_compile_modules(name, files)}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for path in sorted(entries):
            target.writestr(_zip_entry(path), entries[path], zipfile.ZIP_DEFLATED, 9)
    write_atomically(archive, content.getvalue(), mode=0o644)
    return archive


def _compile_modules(name: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    try:
        return compile_modules(files)
    except (SyntaxError, RuntimeError) as error:
        raise PackagingError(f"The function '{name}' cannot be compiled: {error}") from error


def _zip_entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, _EPOCH)
    entry.create_system = 3  # Unix, so that the bytes do not depend on this machine
    entry.external_attr = 0o100644 << 16
    return entry


def _install_dependencies(requirements: Path, name: str, architecture: str) -> Path:
    """The folder with the installed requirements. A lock ensures that only one process installs them."""
    content = f"{RUNTIME} {_target_platform(architecture)}\n{requirements.read_text(encoding='utf-8')}"
    cache = user_cache_path("fraud-pipeline") / "dependencies"
    folder = cache / hashlib.sha256(content.encode()).hexdigest()[:32]
    if folder.exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=cache, prefix=f".{name}-") as draft:
                target = Path(draft) / "site"
                _run_pip(requirements, target, name, architecture)
                target.replace(folder)
    return folder


def _target_platform(architecture: str) -> str:
    return f"{sys.platform}-{platform.machine()}" if architecture == HOST else _WHEEL_PLATFORMS[architecture]


def _run_pip(requirements: Path, target: Path, name: str, architecture: str) -> None:
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
        *("--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile"),
        *("--target", str(target), "--requirement", str(requirements), *_platform_options(architecture)),
    ]
    target.mkdir()
    result = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    if result.returncode:
        raise PackagingError(
            f"The dependencies of the function '{name}' cannot be installed: {_last_error(result.stderr)}."
            " Check that a package index is reachable"
        )


def _platform_options(architecture: str) -> Iterator[str]:
    if architecture != HOST:
        yield from (
            "--platform",
            _WHEEL_PLATFORMS[architecture],
            "--python-version",
            "3.11",
            "--implementation",
            "cp",
        )


def _last_error(output: str) -> str:
    errors = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    return " ".join((errors or output.splitlines() or ["pip printed no error"])[-1].split()).rstrip(".")
