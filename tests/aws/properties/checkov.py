"""Runs `checkov`, from a virtual environment of its own in the user's cache, without a network."""

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


def check(templates: Mapping[str, Template], folder: Path) -> dict[str, list[Finding]]:
    """What checkov finds in each template, by the templates' names; one run, because starting it is slow.

    `folder` is empty and becomes checkov's home, so that no settings of the user's have a say.
    """
    for name, template in templates.items():
        (folder / f"{name}.json").write_text(json.dumps(template, indent=1))
    report = _run(find_checkov(), folder)
    summary = report["summary"]
    resources = sum(len(template["Resources"]) for template in templates.values())
    assert (summary["parsing_errors"], summary["resource_count"]) == (0, resources), summary
    findings: dict[str, list[Finding]] = {name: [] for name in templates}
    for failed in report["results"]["failed_checks"]:
        resource = failed["resource"].rpartition(".")[2]
        findings[Path(failed["file_path"]).stem].append(
            Finding(failed["check_id"], resource, failed["check_name"])
        )
    return findings


def _run(python: Path, folder: Path) -> Mapping[str, Any]:
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


def find_checkov() -> Path:
    """The Python of checkov's environment, which is made when the pinned requirements changed."""
    key = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = user_cache_path("fraud-pipeline", ensure_exists=True) / "checkov" / key
    folder.parent.mkdir(exist_ok=True)
    python, complete = folder / "bin" / "python", folder / "complete"
    with FileLock(f"{folder}.lock", timeout=INSTALL_SECONDS):
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder, python)
            # Written last: an installation that was cut off is made again.
            complete.touch()
    return python


def _install(folder: Path, python: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    # Compiling what is never imported takes longer than compiling on first use.
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check",
         "--no-compile", "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", REQUIREMENTS],
        check=True,
        timeout=INSTALL_SECONDS,
    )  # fmt: skip
