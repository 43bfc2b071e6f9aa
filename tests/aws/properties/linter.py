"""Runs of `cfn-lint` in this process, with its schemas for us-east-1."""

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

# I3510 reports statements whose resources do not match their actions, which have no effect.
CHECKS = ["E", "W", "I3510"]


def lint_template(template: Template) -> list[Finding]:
    """The errors and warnings of a template."""
    config = ConfigMixIn([], **ManualArgs(regions=[REGION], include_checks=CHECKS))
    # cfn-lint reports findings with the same message and position once. Without a text, all positions are
    # the same.
    decoded = cfn_json.loads(json.dumps(template, indent=1))
    matches = run_template_by_data(decoded, config, _load_rules())
    return [Finding(match.rule.id, _resource_name(match.path), match.message) for match in matches]


@cache
def _load_rules() -> RulesCollection:
    return get_rules([], [], CHECKS)


def _resource_name(path: list[str | int]) -> str:
    return str(path[1]) if len(path) > 1 and path[0] == "Resources" else ""
