"""Trust policies of roles, for AWS services and GitHub workflows."""

from collections.abc import Sequence

import pulumi

from shared.arns import GITHUB, Arns
from shared.iam import Statement, resource_policy


def service_trust_policy(service: str) -> pulumi.Output[str]:
    """A trust policy for a service, without a condition on the source.

    Lambda and API Gateway document no source condition for the roles that they assume.
    """
    return resource_policy([_assume_statement(service, {})])


def source_trust_policy(service: str, arns: Arns, source: str) -> pulumi.Output[str]:
    """A trust policy for a service that acts on behalf of `source`, an ARN in this account."""
    conditions = {
        "StringEquals": {"aws:SourceAccount": arns.account_id},
        "ArnEquals": {"aws:SourceArn": source},
    }
    return resource_policy([_assume_statement(service, conditions)])


def principal_trust_policy(principals: Sequence[str], external_id: str = "") -> pulumi.Output[str]:
    """A trust policy for named principals. `external_id`: they must send it, unless it is empty."""
    statement = Statement(
        sid="Assume",
        actions=["sts:AssumeRole"],
        principal={"AWS": list(principals)},
        conditions={"StringEquals": {"sts:ExternalId": external_id}} if external_id else {},
    )
    return resource_policy([statement])


def workflow_trust_policy(arns: Arns, subjects: Sequence[str], ref: str = "") -> pulumi.Output[str]:
    """A trust policy for GitHub Actions runs whose token has one of the `subjects` exactly.

    `ref`: the only ref whose workflows are trusted. The subject of a job in an environment does not contain
    the ref, and GitHub creates a missing environment, without protection rules, when a workflow names it.

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


def _assume_statement(service: str, conditions: dict[str, dict[str, str]]) -> Statement:
    return Statement(
        sid="Assume",
        actions=["sts:AssumeRole"],
        principal={"Service": f"{service}.amazonaws.com"},
        conditions=conditions,
    )
