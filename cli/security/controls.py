"""The rules of the policy pack over the deployed state of an environment."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

import policy.rules  # noqa: F401 - registers the rules
from cli.security.sarif import describe_violations
from orchestration.environments import ROOT
from orchestration.layers import LAYERS
from orchestration.pulumi.urn import parse_name
from orchestration.session import EnvironmentSession
from policy.evaluation import Violation, check_all
from policy.exceptions import EXCEPTIONS, RuleException, find_faults
from policy.resource import Resource
from policy.rule import RULES
from terminal.command_line import command_line
from terminal.errors import UserError
from terminal.output import console, print_json, print_message, print_result

VIOLATED = 1
AWS_TYPE_PREFIX = "aws:"


@dataclass(frozen=True)
class LayerReport:
    """The result for one layer. `resources` and `checks` are counts; no resources means not deployed."""

    layer: str
    resources: int
    checks: int
    judgements: tuple[Violation, ...] = ()

    @property
    def violations(self) -> list[Violation]:
        return [item for item in self.judgements if item.exception is None]

    @property
    def exempt(self) -> list[Violation]:
        return [item for item in self.judgements if item.exception]


def check_controls(env: str, *, as_json: bool, sarif: str) -> int:
    """Check every deployed layer, print the result, and return the exit status. Raises UserError."""
    session = EnvironmentSession.from_name(env)
    engine = session.open_reading_engine()
    if faults := find_faults(RULES, datetime.now(UTC).date()):
        raise UserError("\n".join(faults), "Correct policy/exceptions.py.")
    reports = [check_deployment(layer.name, engine.export_deployment(layer)) for layer in LAYERS]
    if not any(report.resources for report in reports):
        raise UserError(f"Nothing is deployed in '{env}'.", f"Deploy it: {command_line('deploy', env=env)}")
    if sarif:
        _write_sarif(Path(sarif), reports)
    if as_json:
        print_json(to_json(env, reports))
    else:
        print_reports(env, reports)
    return VIOLATED if any(report.violations for report in reports) else 0


def check_deployment(
    layer: str,
    deployment: Mapping[str, Any],
    exceptions: Sequence[RuleException] = EXCEPTIONS,
    today: date | None = None,
) -> LayerReport:
    """Run the rules over the `deployment` of a stack's state."""
    resources = [
        Resource.from_urn(item["urn"], item["type"], parse_name(item["urn"]), item.get("inputs") or {})
        for item in deployment.get("resources") or []
        # After a replacement, the old resource is not in use, even if it is not deleted yet.
        if item["type"].startswith(AWS_TYPE_PREFIX) and not item.get("delete")
    ]
    checks = sum(resource.type in rule.types for resource in resources for rule in RULES.values())
    judgements = check_all(resources, exceptions=exceptions, today=today)
    return LayerReport(layer, len(resources), checks, tuple(judgements))


def to_json(env: str, reports: Sequence[LayerReport]) -> dict[str, Any]:
    """Return the result for scripts."""
    return {
        "environment": env,
        "rules": len(RULES),
        "violations": sum(len(report.violations) for report in reports),
        "layers": [
            {
                "layer": report.layer,
                "resources": report.resources,
                "checks": report.checks,
                "violations": [_as_dict(item) for item in report.violations],
                "exempt": [_as_dict(item) for item in report.exempt],
            }
            for report in reports
        ],
    }


def print_reports(env: str, reports: Sequence[LayerReport]) -> None:
    """Print a table with a line for each layer, then each violation in a block."""
    table = Table(title=f"Security controls in '{env}'", title_justify="left", title_style="bold")
    table.add_column("layer")
    for column in ("resources", "checks", "exempt", "violations"):
        table.add_column(column, justify="right")
    for report in reports:
        table.add_row(report.layer, *map(str, _count(report)))
    table.add_section()
    table.add_row("total", *(str(sum(counts)) for counts in zip(*map(_count, reports), strict=True)))
    console.print(table)
    for report in reports:
        for item in report.violations:
            lines = [f"resource: {item.resource.path}", *item.explanation.splitlines()]
            console.print(Text("\n".join(["", *(f"  {line}" for line in lines)])))
    missing = [report.layer for report in reports if not report.resources]
    if missing:
        print_message(f"Not deployed: {', '.join(missing)}.")
    print_result(f"{len(RULES)} rules. Controls, decisions and exceptions: docs/security-controls.md")


def _count(report: LayerReport) -> tuple[int, int, int, int]:
    return report.resources, report.checks, len(report.exempt), len(report.violations)


def _as_dict(item: Violation) -> dict[str, Any]:
    rule = item.rule
    return {
        "rule": rule.id,
        "title": rule.title,
        "resource": item.resource.path,
        "urn": item.resource.urn,
        "reason": rule.reason,
        "remedy": rule.remedy,
        "link": rule.link,
        "controls": list(rule.controls),
        "exception": item.exception.reason if item.exception else None,
    }


def _write_sarif(path: Path, reports: Sequence[LayerReport]) -> None:
    judgements = [item for report in reports for item in report.judgements]
    text = json.dumps(describe_violations(judgements, ROOT), indent=2)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"--sarif: {path} cannot be written: {error.strerror}.", "Name another file."
        ) from error
    print_message(f"wrote {path}")
