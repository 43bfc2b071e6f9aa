"""Runs of `checkov` from its own virtual environment in the user's cache, without network access."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.tool_environment import install_tool
from tests.aws.properties.findings import Finding
from tests.aws.properties.template import Template

RUN_SECONDS = 300


def run_checkov(templates: Mapping[str, Template], folder: Path) -> dict[str, list[Finding]]:
    """The findings in each template by name. All templates share one run, because checkov starts slowly.

    `folder`: an empty folder. It is checkov's home, so that the user's settings have no effect.
    """
    for name, template in templates.items():
        (folder / f"{name}.json").write_text(json.dumps(template, indent=1))
    report = _run_process(install_tool("checkov", "230 MB, half a minute"), folder)
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
