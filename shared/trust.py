"""Who may assume a role: a service, for one resource of this account, so that no other account's can."""

import pulumi

from shared.arns import Arns
from shared.iam import Statement, resource_policy


def by_service(service: str) -> pulumi.Output[str]:
    """A trust policy for a service that says nothing about for which resource it acts.

    Lambda and API Gateway document no source condition for the roles they assume.
    """
    return resource_policy([_assume(service, {})])


def by_service_for(service: str, arns: Arns, source: str) -> pulumi.Output[str]:
    """A trust policy for a service acting for the resource `source`, an ARN in this account."""
    conditions = {
        "StringEquals": {"aws:SourceAccount": arns.account_id},
        "ArnEquals": {"aws:SourceArn": source},
    }
    return resource_policy([_assume(service, conditions)])


def _assume(service: str, conditions: dict[str, dict[str, str]]) -> Statement:
    return Statement(
        sid="Assume",
        actions=["sts:AssumeRole"],
        principal={"Service": f"{service}.amazonaws.com"},
        conditions=conditions,
    )
