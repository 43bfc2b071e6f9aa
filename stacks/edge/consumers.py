"""The roles of the API's consumers. Each may invoke the routes that the settings list for it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared import permissions, trust
from shared.arns import Arns
from shared.contracts import FoundationOutputs
from shared.iam import identity_policy
from shared.names import consumer_role_purpose
from stacks.edge.routes import ROUTES
from stacks.edge.settings import EdgeSettings
from stacks.edge.stage import ApiStage

_ROUTES = {route.path: route for route in ROUTES}


@dataclass(frozen=True, kw_only=True)
class ConsumerRolesArgs:
    """`settings`: the consumers, their routes and their principals."""

    arns: Arns
    foundation: FoundationOutputs
    stage: ApiStage
    settings: EdgeSettings


class ConsumerRoles(pulumi.ComponentResource):
    """`role_arns`: the ARN of the role of each consumer, by its name."""

    def __init__(
        self, name: str, args: ConsumerRolesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:edge:ConsumerRoles", name, None, opts)
        self._args = args
        self._child_options = pulumi.ResourceOptions(parent=self)
        self.role_arns: Mapping[str, pulumi.Output[str]] = {
            consumer: self._make_role(consumer).arn for consumer in sorted(args.settings.consumers)
        }
        self.register_outputs({})

    def _make_role(self, consumer: str) -> aws.iam.Role:
        arns, settings = self._args.arns, self._args.settings
        logical_name = consumer_role_purpose(consumer)
        role = aws.iam.Role(
            logical_name,
            name=arns.names.role(logical_name),
            description=f"Lets the consumer '{consumer}' call its routes of the API",
            assume_role_policy=trust.principal_trust_policy(
                self._find_principals(consumer), settings.consumer_external_ids.get(consumer, "")
            ),
            # A foundation of the last release lacks this output, which is an error only with a consumer.
            permissions_boundary=self._args.foundation.consumer_boundary_arn,
            opts=self._child_options,
        )
        routes = [self._args.stage.arn(_ROUTES[path]) for path in settings.consumers[consumer]]
        aws.iam.RolePolicy(
            logical_name,
            name="permissions",
            role=role.name,
            policy=identity_policy([permissions.invoke_routes(routes)]),
            opts=self._child_options,
        )
        return role

    def _find_principals(self, consumer: str) -> list[str]:
        """The ARNs that may assume the role: by default, what IAM policies of the own account allow to."""
        arns = self._args.arns
        principals = self._args.settings.consumer_principals.get(consumer, (arns.account_id,))
        return [
            f"arn:{arns.partition}:iam::{principal}:root" if principal.isdecimal() else principal
            for principal in principals
        ]
