"""Runs `cfn-lint` in this process, with the schemas of us-east-1 that the package ships."""

import json
from functools import cache

from cfnlint.config import ConfigMixIn, ManualArgs
from cfnlint.core import get_rules
from cfnlint.decode import cfn_json
from cfnlint.rules import RulesCollection
from cfnlint.runner import run_template_by_data

from tests.aws.properties.findings import Finding
from tests.aws.properties.schemas import REGION
from tests.aws.properties.template import Template

# Statements whose resources do not fit their actions are only information to cfn-lint; they grant nothing.
CHECKS = ["E", "W", "I3510"]


def lint(template: Template) -> list[Finding]:
    """Every error and warning."""
    config = ConfigMixIn([], **ManualArgs(regions=[REGION], include_checks=CHECKS))
    # cfn-lint reports one of several findings with the same message at the same place in the text. Without a
    # text, every place is the same.
    decoded = cfn_json.loads(json.dumps(template, indent=1))
    matches = run_template_by_data(decoded, config, _rules())
    return [Finding(match.rule.id, _resource(match.path), match.message) for match in matches]


@cache
def _rules() -> RulesCollection:
    return get_rules([], [], CHECKS)


def _resource(path: list[str | int]) -> str:
    return str(path[1]) if len(path) > 1 and path[0] == "Resources" else ""
