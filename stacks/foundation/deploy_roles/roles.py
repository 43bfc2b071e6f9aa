"""The roles of CI: a deploy role per layer, and a read-only role.

GitHub signs the identity of a workflow run. A deploy role trusts runs on main in the GitHub environment
`<stack>-<layer>`, which needs an approval. The read-only role trusts pull requests and main. The roles are
created when an administrator first deploys foundation. A change of foundation's own deploy role needs an
administrator again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws

from shared import trust
from shared.arns import Arns
from shared.iam import Statement, boundary_policy, identity_policy
from shared.names import READER, deploy_role_purpose
from shared.projects import FOUNDATION, PROJECTS, Project
from stacks.foundation.code_signing import CodeSigning
from stacks.foundation.deploy_roles import (
    iam_statements,
    layer_resources,
    layer_statements,
    signing_statements,
    state_statements,
)
from stacks.foundation.deploy_roles.layer_resources import OwnedResources
from stacks.foundation.keys import Keys
from stacks.foundation.network import Network

_MAIN = "refs/heads/main"
# The quotas that `invoke preview` compares with the declared resources: API Gateway's rate, Lambda's network
# interfaces, interface endpoints, and VPCs.
QUOTAS = ("apigateway/L-8A5B8E43", "lambda/L-9FEE3D26", "vpc/L-29B6F2EB", "vpc/L-F678F1CE")


@dataclass(frozen=True, kw_only=True)
class DeployRolesArgs:
    """`repository`: the GitHub repository, in the form that GitHub writes into the subject of a token."""

    arns: Arns
    keys: Keys
    network: Network
    signing: CodeSigning
    repository: str


class DeployRoles(pulumi.ComponentResource):
    """A deploy role for each layer and a read-only role, each with a boundary that it cannot change."""

    def __init__(self, name: str, args: DeployRolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:foundation:DeployRoles", name, None, opts)
        self._args = args
        keys = args.keys
        self._key_arns = {"data": keys.data.arn, "profiles": keys.profiles.arn, "function": keys.function.arn}
        for project in PROJECTS:
            self._make_deploy_role(project)
        self._make_read_role()
        self.register_outputs({})

    def _make_deploy_role(self, project: Project) -> None:
        arns, purpose = self._args.arns, deploy_role_purpose(project.layer)
        owned = layer_resources.find_owned_resources(project, arns)
        signs = self._args.signing.enabled and bool(project.functions)
        resources, limits = self._list_statements(project, owned, signs=signs)
        network = _network_statements(arns, self._args.network.vpc.id) if project == FOUNDATION else []
        statements = [
            *resources,
            *network,
            *state_statements.deploy_statements(project, arns, packages=signs),
        ]
        limits = [
            *layer_statements.deploy_boundary_statements(limits, project.layer),
            *network,
            *state_statements.deploy_boundary_statements(project, arns, packages=signs),
        ]
        self._make_role(
            purpose,
            f"Deploys the layer '{project.layer}'",
            [f"environment:{pulumi.get_stack()}-{project.layer}"],
            # The permissions for code signing leave no room for IDs and regions.
            _omit_ids(statements) if signs else statements,
            layer_statements.omit_regions(limits) if signs else limits,
            ref=_MAIN,
            creates_roles=project == FOUNDATION or bool(owned.roles),
        )

    def _list_statements(
        self, project: Project, owned: OwnedResources, *, signs: bool
    ) -> tuple[list[Statement], list[Statement]]:
        """The statements for the resources of a layer: of the policy, and what its boundary must allow."""
        arns, signing = self._args.arns, self._args.signing
        resources = [
            *layer_statements.deploy_statements(project, arns, self._key_arns, code_signing=signing.enabled),
            *iam_statements.deploy_statements(project, owned.roles, arns),
            *iam_statements.role_family_statements(owned.role_families, arns),
        ]
        if not signs:
            return resources, resources
        sign = signing_statements.deploy_statements(project, arns, signing.profile_arn, signing.config_arn)
        limit = signing_statements.deploy_boundary_statements(project, arns, signing.config_arn)
        return layer_statements.merge_deploy_statements([*resources, *sign]), [*resources, *limit]

    def _make_read_role(self) -> None:
        arns, signed = self._args.arns, self._args.signing.enabled
        resources = layer_statements.read_statements(PROJECTS, arns, self._key_arns, code_signing=signed)
        resources += signing_statements.read_statements(arns) if signed else []
        roles = iam_statements.read_statements(arns)
        state = state_statements.read_statements(arns, packages=signed)
        statements = [*resources, *roles, *state, *_read_quota_statements(arns)]
        layers = layer_resources.find_layers_with_tagged_resources(PROJECTS, arns)
        self._make_role(
            READER,
            "Looks at all layers: previews of pull requests, and drift",
            ["pull_request", f"ref:{_MAIN}"],
            _omit_ids(statements) if signed else statements,
            [
                *layer_statements.read_boundary_statements(resources, *layers),
                *roles,
                *state,
                *_read_quota_statements(arns),
            ],
        )

    def _make_role(
        self,
        purpose: str,
        description: str,
        runs: Sequence[str],
        statements: Sequence[Statement],
        limits: Sequence[Statement],
        *,
        ref: str = "",
        creates_roles: bool = False,
    ) -> None:
        arns, child_options = self._args.arns, pulumi.ResourceOptions(parent=self)
        boundary = aws.iam.Policy(
            purpose,
            name=arns.names.boundary(purpose),
            description=f"The most that the role may do that {description[0].lower()}{description[1:]}",
            policy=boundary_policy(
                _omit_ids(
                    [
                        *limits,
                        *iam_statements.self_protection_statements(
                            purpose, arns, creates_roles=creates_roles
                        ),
                    ]
                )
            ),
            opts=child_options,
        )
        role = aws.iam.Role(
            purpose,
            name=arns.names.role(purpose),
            description=description,
            assume_role_policy=trust.workflow_trust_policy(
                arns, [f"repo:{self._args.repository}:{run}" for run in runs], ref
            ),
            permissions_boundary=boundary.arn,
            opts=child_options,
        )
        aws.iam.RolePolicy(
            purpose,
            name="permissions",
            role=role.name,
            policy=identity_policy(statements),
            opts=child_options,
        )


def _omit_ids(statements: Iterable[Statement]) -> list[Statement]:
    """Statement IDs count towards the size limit of a policy."""
    return [replace(statement, sid="") for statement in statements]


def _read_quota_statements(arns: Arns) -> list[Statement]:
    return [
        Statement(
            sid="LookAtQuotas",
            actions=["servicequotas:GetServiceQuota"],
            resources=[arns.regional("servicequotas", quota) for quota in QUOTAS],
        ),
        Statement(
            sid="LookAtDefaultQuotas", actions=["servicequotas:GetAWSDefaultServiceQuota"], resources=["*"]
        ),
    ]


def _network_statements(arns: Arns, vpc_id: pulumi.Input[str]) -> list[Statement]:
    """Associate the hosted zones of endpoints, and delete the remaining network interfaces of Lambda.

    No stack declares these resources. The provider detaches and deletes Lambda's interfaces before it deletes
    a subnet or a security group. `invoke destroy` lists the functions that still use them.
    """
    return [
        Statement(sid="FindFunctions", actions=["lambda:ListFunctions"], resources=["*"]),
        Statement(
            sid="JoinHostedZones",
            actions=["route53:AssociateVPCWithHostedZone"],
            resources=[f"arn:{arns.partition}:route53:::hostedzone/*"],
        ),
        Statement(
            sid="RemoveInterfaces",
            actions=["ec2:DeleteNetworkInterface", "ec2:DetachNetworkInterface"],
            resources=[arns.regional("ec2", "network-interface/*")],
            conditions={"ArnEquals": {"ec2:Vpc": pulumi.Output.concat(arns.regional("ec2", "vpc/"), vpc_id)}},
        ),
    ]
