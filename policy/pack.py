"""The rules as a policy pack of the Pulumi engine.

The pack has two policies, one for resources and one for the whole stack, rather than one for each rule: the
SDK converts all properties again for each policy.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

import policy.rules  # noqa: F401 - registers the rules
from policy.evaluation import Violation, check_resource, check_stack
from policy.exceptions import find_faults
from policy.resource import Resource, Stack
from policy.rule import RULES

NAME = "fraud-controls"
STACK_TYPE = "pulumi:pulumi:Stack"
PREVENTED = "A control is violated"


def run_pack() -> None:
    """Serve the pack to the engine, until the engine ends the process."""
    PolicyPack(
        name=NAME,
        enforcement_level=EnforcementLevel.MANDATORY,
        policies=[
            ResourceValidationPolicy("resources", PREVENTED, validate_resource),
            StackValidationPolicy("stack", PREVENTED, validate_stack),
        ],
    )


def validate_resource(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Report the violations of one resource, and once for the stack the faults of exceptions."""
    if args.resource_type == STACK_TYPE:
        for fault in find_faults(RULES, datetime.now(UTC).date()):
            report(fault, None)
        return
    resource = Resource.from_urn(args.urn, args.resource_type, args.name, args.props)
    _report_all(check_resource(resource, unknown=UnknownValueError), report)


def validate_stack(args: StackValidationArgs, report: ReportViolation) -> None:
    """Report the violations of rules that look at the whole stack."""
    resources = [
        Resource.from_urn(item.urn, item.resource_type, item.name, item.props) for item in args.resources
    ]
    _report_all(check_stack(Stack(resources), unknown=UnknownValueError), report)


def _report_all(violations: Iterable[Violation], report: ReportViolation) -> None:
    for violation in violations:
        if violation.exception is None:
            report(violation.explanation, violation.resource.urn)
