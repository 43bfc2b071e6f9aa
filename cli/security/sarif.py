"""Violations as SARIF 2.1.0, the format of code scanning."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from policy.evaluation import Violation
from policy.resource import Resource
from policy.rule import RULES, Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_COMPONENT = re.compile(r"\bfraud:\w+:\w+\b")


def describe_violations(violations: Iterable[Violation], root: Path) -> dict[str, Any]:
    """Return a SARIF log with every rule, and a result for each violation. Exempt ones are suppressed."""
    rule_ids = list(RULES)
    driver = {
        "name": "fraud-controls",
        "informationUri": "https://www.pulumi.com/docs/insights/policy/",
        "rules": [_describe_rule(rule) for rule in RULES.values()],
    }
    results = [_describe_result(violation, rule_ids, root) for violation in violations]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def find_declaration(resource: Resource, root: Path) -> tuple[str, int]:
    """Return the path and the line that declare a resource; the layer's program if they are not found.

    The file of the component that is the resource's parent contains the component's type. Its line with the
    logical name declares the resource, unless the name is composed.
    """
    parents = _COMPONENT.findall(resource.urn)
    files = [
        *sorted((root / "stacks" / resource.layer).rglob("*.py")),
        *sorted((root / "shared").glob("*.py")),
    ]
    for parent in reversed(parents):
        for file in files:
            lines = file.read_text(encoding="utf-8").splitlines()
            component = _find_line(lines, f'"{parent}"')
            if component:
                line = _find_line(lines, f'"{resource.name}"') or component
                return file.relative_to(root).as_posix(), line
    return f"stacks/{resource.layer}/__main__.py", 1


def _find_line(lines: list[str], text: str) -> int:
    return next((number for number, line in enumerate(lines, start=1) if text in line), 0)


def _describe_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.reason},
        "help": {"text": rule.remedy},
        "helpUri": rule.link,
        "properties": {"tags": ["security", *rule.controls]},
    }


def _describe_result(violation: Violation, rule_ids: list[str], root: Path) -> dict[str, Any]:
    rule, resource = violation.rule, violation.resource
    path, line = find_declaration(resource, root)
    result: dict[str, Any] = {
        "ruleId": rule.id,
        "ruleIndex": rule_ids.index(rule.id),
        "level": "error",
        "message": {"text": f"{resource.path}: {rule.title}. {rule.reason} {rule.remedy}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": path},
                    "region": {"startLine": line},
                },
                "logicalLocations": [{"fullyQualifiedName": resource.urn, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"resource/v1": f"{rule.id}/{resource.path}"},
    }
    if violation.exception:
        result["suppressions"] = [{"kind": "inSource", "justification": violation.exception.reason}]
    return result
