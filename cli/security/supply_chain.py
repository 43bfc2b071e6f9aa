"""Bills of materials of the functions, and a search for known vulnerabilities in the requirements."""

import subprocess
from pathlib import Path

from operations.security.sbom import describe_package, find_packages
from orchestration.environments import ROOT
from orchestration.session import EnvironmentSession
from orchestration.tool_environment import install_tool
from terminal.errors import UserError
from terminal.output import print_message, print_result

AUDIT_SECONDS = 600


def write_boms(env: str, out: str) -> None:
    """Write the bill of materials of each package into a folder. Raises UserError."""
    if not out:
        raise UserError("A folder for the files is missing.", "Give one: --out FOLDER")
    folder = Path(out)
    packages = find_packages(EnvironmentSession.from_name(env).environment)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for function, package in sorted(packages.items()):
            path = folder / f"{function}.cdx.json"
            path.write_text(describe_package(function, package), encoding="utf-8")
            print_message(f"wrote {path}")
    except OSError as error:
        raise UserError(f"{error.filename or folder} cannot be written: {error.strerror}.") from error
    print_result(f"{len(packages)} bills of materials in {folder}")


def audit_requirements() -> None:
    """Audit each file of pinned requirements. Raises UserError if one has a known vulnerability."""
    python = install_tool("pip-audit", "30 MB, half a minute")
    vulnerable = []
    for path in find_requirements():
        name = path.relative_to(ROOT).as_posix()
        print_message(f"── {name}")
        # Everything is pinned with hashes, so that nothing needs to be resolved or installed.
        command = [
            str(python),
            "-m",
            "pip_audit",
            "--strict",
            "--disable-pip",
            "--require-hashes",
            "-r",
            str(path),
        ]
        if subprocess.run(command, check=False, timeout=AUDIT_SECONDS).returncode:
            vulnerable.append(name)
    if vulnerable:
        raise UserError(
            f"Vulnerable or not audited: {', '.join(vulnerable)}.",
            "Upgrade the packages that are named above: ./inv lock --upgrade",
        )
    print_result("No known vulnerabilities.")


def find_requirements() -> list[Path]:
    """The files of pinned requirements: of this repository, of the functions and of the tools."""
    return [
        ROOT / "requirements" / "dev.txt",
        *sorted((ROOT / "functions").glob("*/requirements.txt")),
        *sorted((ROOT / "tools").glob("*/requirements.txt")),
    ]
