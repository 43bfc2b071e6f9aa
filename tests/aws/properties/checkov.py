"""Runs of `checkov` from its own virtual environment in the user's cache, without network access."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock
from platformdirs import user_cache_path

from tests.aws.properties.findings import Finding
from tests.aws.properties.template import Template
from tests.stacks.recording import ROOT

REQUIREMENTS = ROOT / "tools" / "checkov" / "requirements.txt"
INSTALL_SECONDS = 600
RUN_SECONDS = 300


def run_checkov(templates: Mapping[str, Template], folder: Path) -> dict[str, list[Finding]]:
    """The findings in each template by name. All templates share one run, because checkov starts slowly.

    `folder`: an empty folder. It is checkov's home, so that the user's settings have no effect.
    """
    for name, template in templates.items():
        (folder / f"{name}.json").write_text(json.dumps(template, indent=1))
    report = _run_process(install_checkov(), folder)
    summary = report["summary"]
    resources = sum(len(template["Resources"]) for template in templates.values())
    assert (summary["parsing_errors"], summary["resource_count"]) == (0, resources), summary
    findings: dict[str, list[Finding]] = {name: [] for name in templates}
    for check in report["results"]["failed_checks"]:
        resource = check["resource"].rpartition(".")[2]
        findings[Path(check["file_path"]).stem].append(
            Finding(check["check_id"], resource, check["check_name"])
        )
    return findings


def _run_process(python: Path, folder: Path) -> Mapping[str, Any]:
    completed = subprocess.run(
        [python, "-m", "checkov.main", "--directory", folder, "--framework", "cloudformation",
         "--skip-download", "--soft-fail", "--quiet", "--compact", "--output", "json"],
        cwd=folder,
        env={"HOME": str(folder), "PATH": os.defpath, "LOG_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )  # fmt: skip
    assert completed.returncode == 0, completed.stderr[-2000:]
    report: Mapping[str, Any] = json.loads(completed.stdout)
    return report


def install_checkov() -> Path:
    """Install checkov's environment if the pinned requirements changed. Returns its Python."""
    key = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = user_cache_path("fraud-pipeline", ensure_exists=True) / "checkov" / key
    folder.parent.mkdir(exist_ok=True)
    python, complete = folder / "bin" / "python", folder / "complete"
    with FileLock(f"{folder}.lock", timeout=INSTALL_SECONDS):
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _install_requirements(folder, python)
            # Written last, so that an interrupted installation is repeated.
            complete.touch()
    return python


def _install_requirements(folder: Path, python: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    # Compilation of all modules takes longer than compilation on first use.
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check",
         "--no-compile", "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", REQUIREMENTS],
        check=True,
        timeout=INSTALL_SECONDS,
    )  # fmt: skip
