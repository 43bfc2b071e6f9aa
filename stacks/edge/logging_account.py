"""The role that API Gateway writes logs with, which is a setting of the account and region."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared import permissions, trust
from shared.arns import Arns
from shared.contracts import FoundationOutputs
from shared.function import LOG_RETENTION_DAYS
from shared.iam import identity_policy
from shared.names import GATEWAY_LOGS, WELCOME_LOG_GROUP


@dataclass(frozen=True, kw_only=True)
class LoggingAccountArgs:
    """`owned`: False if another stack of the account and region sets the role."""

    arns: Arns
    foundation: FoundationOutputs
    owned: bool


class LoggingAccount(pulumi.ComponentResource):
    """The account setting and its role, or no resources if not owned."""

    def __init__(
        self, name: str, args: LoggingAccountArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:edge:LoggingAccount", name, None, opts)
        if args.owned:
            self._set_logging_role(args)
        self.register_outputs({})

    def _set_logging_role(self, args: LoggingAccountArgs) -> None:
        arns = args.arns
        child_options = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            "api-gateway-logs",
            name=arns.names.role(GATEWAY_LOGS),
            description="Lets API Gateway write logs in this account and region",
            assume_role_policy=trust.service_trust_policy("apigateway"),
            permissions_boundary=args.foundation.gateway_logs_boundary_arn,
            opts=child_options,
        )
        policy = aws.iam.RolePolicy(
            "api-gateway-logs",
            name="permissions",
            role=role.name,
            policy=identity_policy(permissions.write_gateway_logs(arns)),
            opts=child_options,
        )
        # API Gateway writes to this group when the role is set. It would create it without retention and key.
        welcome = aws.cloudwatch.LogGroup(
            "welcome",
            name=WELCOME_LOG_GROUP,
            retention_in_days=LOG_RETENTION_DAYS,
            kms_key_id=args.foundation.logs_key_arn,
            opts=child_options,
        )
        aws.apigateway.Account(
            "account",
            cloudwatch_role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy, welcome]),
        )
