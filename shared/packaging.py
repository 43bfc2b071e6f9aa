"""A function's zip: its code, what functions share, and its own dependencies.

The same input gives the same bytes. Dependencies come from the function's hash-pinned requirements, for the
Python and the processor that the function runs on, and are kept in the user's cache. boto3 is not among them:
Lambda's runtime has it.
"""

import base64
import hashlib
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

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = "python3.11"
HOST = "host"
# Lambda's Python 3.11 runs on Amazon Linux 2, whose C library (2.26) takes wheels of manylinux2014.
_WHEELS = {"arm64": "manylinux2014_aarch64", "x86_64": "manylinux2014_x86_64"}
_EPOCH = (1980, 1, 1, 0, 0, 0)
# pip's own notes about an installation; they differ from one to the next.
_NOTES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}


class PackagingError(Exception):
    """A function's zip cannot be made; one line that says why."""


def processor(architecture: str) -> str:
    """The processor in Lambda's words, `arm64` or `x86_64`; that of this machine for `host`."""
    if architecture != HOST:
        return architecture
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def package(
    name: str, *, architecture: str, extra_files: Mapping[str, bytes] | None = None, root: Path = ROOT
) -> Path:
    """The zip of `functions/<name>` for a processor, or for this machine itself (`host`).

    `extra_files` are contents by path in the zip. Raises PackagingError.
    """
    files = {
        **_tree(_dependencies(root / "functions" / name / "requirements.txt", name, architecture)),
        **_sources(root, "common"),
        **_sources(root, name),
        **(extra_files or {}),
    }
    return _write(root / ".cache" / "packages", name, files)


def code_hash(archive: Path) -> str:
    """The SHA-256 of a zip as Lambda gives it, in base64."""
    return base64.b64encode(hashlib.sha256(archive.read_bytes()).digest()).decode()


def _sources(root: Path, package_name: str) -> dict[str, bytes]:
    folder = root / "functions" / package_name
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.suffix in (".py", ".json") and path.is_file()
    }


def _tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name not in _NOTES
    }


def _write(folder: Path, name: str, files: Mapping[str, bytes]) -> Path:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{len(files[path])}\0".encode() + files[path])
    archive = folder / f"{name}-{digest.hexdigest()[:16]}.zip"
    if archive.exists():
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{name}-", delete=False) as draft:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
            for path in sorted(files):
                target.writestr(_entry(path), files[path], zipfile.ZIP_DEFLATED, 9)
        Path(draft.name).chmod(0o644)
        Path(draft.name).replace(archive)
    return archive


def _entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, _EPOCH)
    entry.create_system = 3  # Unix, wherever it is made
    entry.external_attr = 0o100644 << 16
    return entry


def _dependencies(requirements: Path, name: str, architecture: str) -> Path:
    """The folder with what `requirements` ask for; installed the first time, by one process at a time."""
    wanted = f"{RUNTIME} {_target(architecture)}\n{requirements.read_text(encoding='utf-8')}"
    cache = user_cache_path("fraud-pipeline") / "dependencies"
    folder = cache / hashlib.sha256(wanted.encode()).hexdigest()[:32]
    if folder.exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=cache, prefix=f".{name}-") as draft:
                target = Path(draft) / "site"
                _install(requirements, target, name, architecture)
                target.replace(folder)
    return folder


def _target(architecture: str) -> str:
    return f"{sys.platform}-{platform.machine()}" if architecture == HOST else _WHEELS[architecture]


def _install(requirements: Path, target: Path, name: str, architecture: str) -> None:
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
        *("--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile"),
        *("--target", str(target), "--requirement", str(requirements), *_platform(architecture)),
    ]
    target.mkdir()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    if done.returncode:
        raise PackagingError(
            f"the dependencies of the function '{name}' could not be installed: {_reason(done.stderr)};"
            " is a package index reachable?"
        )


def _platform(architecture: str) -> Iterator[str]:
    if architecture != HOST:
        yield from ("--platform", _WHEELS[architecture], "--python-version", "3.11", "--implementation", "cp")


def _reason(output: str) -> str:
    errors = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    return " ".join((errors or output.splitlines() or ["pip said nothing"])[-1].split()).rstrip(".")
