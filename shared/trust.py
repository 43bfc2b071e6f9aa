"""Who may assume a role: a service, for a resource of this account and of no other; or a workflow."""

from collections.abc import Sequence

import pulumi

from shared.arns import GITHUB, Arns
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


def by_workflow(arns: Arns, subjects: Sequence[str], ref: str = "") -> pulumi.Output[str]:
    """A trust policy for GitHub Actions, where GitHub says that the run is one of `subjects`, to the letter.

    `ref`: the only one whose workflows are trusted. The subject of a job in an environment does not say it,
    and an environment that nobody has set up is open to every branch: GitHub makes it for who names it.

    https://docs.github.com/en/actions/concepts/security/openid-connect
    https://aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims/
    """
    claims = {"aud": "sts.amazonaws.com", "sub": list(subjects), **({"ref": ref} if ref else {})}
    statement = Statement(
        sid="Assume",
        actions=["sts:AssumeRoleWithWebIdentity"],
        principal={"Federated": arns.github},
        conditions={"StringEquals": {f"{GITHUB}:{name}": value for name, value in claims.items()}},
    )
    return resource_policy([statement])


def _assume(service: str, conditions: dict[str, dict[str, str]]) -> Statement:
    return Statement(
        sid="Assume",
        actions=["sts:AssumeRole"],
        principal={"Service": f"{service}.amazonaws.com"},
        conditions=conditions,
    )
