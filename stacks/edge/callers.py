"""The resource policy of the API: the accounts, networks and addresses that may call it at all.

IAM allows a caller of the own account if its own policy does, whatever the policy of the API does not say.
Only explicit denials limit such callers. A caller of another account needs an allowance in both policies:
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
"""

from collections.abc import Sequence

import pulumi

from shared.arns import Arns
from shared.iam import Statement, resource_policy
from shared.names import API_STAGE
from stacks.edge.access_settings import CallerSettings
from stacks.edge.routes import METHOD, Route

_INVOKE = ("execute-api:Invoke",)


def build_caller_policy(
    arns: Arns, callers: CallerSettings, api_arn: pulumi.Input[str], routes: Sequence[Route]
) -> pulumi.Output[str]:
    """The policy of the API with this ARN (`arn:…:execute-api:…:<id>`), for all of its routes."""
    accounts = dict.fromkeys([arns.account_id, *callers.accounts])
    limits = [("Accounts", {"StringNotEquals": {"aws:PrincipalAccount": list(accounts)}})]
    if callers.vpc_endpoints:
        endpoints = list(callers.vpc_endpoints)
        limits.append(("VpcEndpoints", {"StringNotEquals": {"aws:SourceVpce": endpoints}}))
    if callers.address_ranges:
        # A private API gets the address in the caller's VPC, and no public one.
        key = "aws:VpcSourceIp" if callers.vpc_endpoints else "aws:SourceIp"
        limits.append(("Addresses", {"NotIpAddress": {key: list(callers.address_ranges)}}))
    return resource_policy(
        [
            *_allow_accounts(
                arns, [account for account in accounts if account != arns.account_id], api_arn, routes
            ),
            *(
                Statement(
                    sid=f"RefuseOther{name}",
                    effect="Deny",
                    actions=_INVOKE,
                    resources=[pulumi.Output.concat(api_arn, "/*")],
                    principal={"AWS": "*"},
                    conditions=conditions,
                )
                for name, conditions in limits
            ),
        ]
    )


def _allow_accounts(
    arns: Arns, accounts: Sequence[str], api_arn: pulumi.Input[str], routes: Sequence[Route]
) -> list[Statement]:
    """The part of other accounts' allowance that the API gives. Their own IAM policies give the other part.

    The own account is not listed: that would allow its identities without a policy of their own.
    """
    if not accounts:
        return []
    methods = [pulumi.Output.concat(api_arn, f"/{API_STAGE}/{METHOD}/{route.path}") for route in routes]
    return [
        Statement(
            sid="AllowOtherAccounts",
            actions=_INVOKE,
            resources=methods,
            principal={"AWS": [f"arn:{arns.partition}:iam::{account}:root" for account in accounts]},
        )
    ]
