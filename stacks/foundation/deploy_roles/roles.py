"""The roles that CI deploys with, one per layer, and the one that it looks with.

Who may take a role is GitHub's word on who runs: the deployment of a layer from main, approved in the
environment `<stack>-<layer>`; or, to look, a pull request or the main branch. The roles come into being when
an administrator first deploys foundation, who is needed again to change foundation's own role.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws

from shared import trust
from shared.arns import Arns
from shared.iam import Statement, boundary_policy, identity_policy
from shared.names import READER, deployer
from shared.projects import FOUNDATION, PROJECTS, Project
from stacks.foundation import deploy_network
from stacks.foundation.deploy_roles import (
    iam_statements,
    layer_resources,
    layer_statements,
    state_statements,
)
from stacks.foundation.keys import Keys
from stacks.foundation.network import Network

_MAIN = "refs/heads/main"
# The quotas that `invoke preview` compares with what the layers declare: VPCs, interface endpoints, Lambda's
# network interfaces, and API Gateway's rate.
QUOTAS = ("apigateway/L-8A5B8E43", "lambda/L-9FEE3D26", "vpc/L-29B6F2EB", "vpc/L-F678F1CE")


def _look_at_quotas(arns: Arns) -> list[Statement]:
    return [
        Statement(
            sid="LookAtQuotas",
            actions=["servicequotas:GetServiceQuota"],
            resources=[arns.of("servicequotas", quota) for quota in QUOTAS],
        ),
        Statement(
            sid="LookAtDefaultQuotas", actions=["servicequotas:GetAWSDefaultServiceQuota"], resources=["*"]
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class DeployRolesArgs:
    """`repository`: the GitHub repository, as the subjects have it that GitHub signs."""

    arns: Arns
    keys: Keys
    network: Network
    repository: str


class DeployRoles(pulumi.ComponentResource):
    """A role for each layer of the list and one that looks, each within a boundary that it cannot change."""

    def __init__(self, name: str, args: DeployRolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:foundation:DeployRoles", name, None, opts)
        self._args = args
        keys = args.keys
        self._key_arns = {"data": keys.data.arn, "profiles": keys.profiles.arn, "function": keys.function.arn}
        for project in PROJECTS:
            self._make_deployer(project)
        self._make_reader()
        self.register_outputs({})

    def _make_deployer(self, project: Project) -> None:
        arns, purpose = self._args.arns, deployer(project.layer)
        roles = layer_resources.of(project, arns).roles
        resources = layer_statements.deploy(project, arns, self._key_arns)
        resources += iam_statements.of(project, roles, arns)
        network = deploy_network.of(arns, self._args.network.vpc.id) if project == FOUNDATION else []
        self._make(
            purpose,
            f"Deploys the layer '{project.layer}'",
            [f"environment:{pulumi.get_stack()}-{project.layer}"],
            [*resources, *network, *state_statements.deploy(project, arns)],
            [
                *layer_statements.at_most(resources, project.layer),
                *network,
                *state_statements.deploy_at_most(project, arns),
            ],
            ref=_MAIN,
        )

    def _make_reader(self) -> None:
        arns = self._args.arns
        resources, roles = layer_statements.look(PROJECTS, arns, self._key_arns), iam_statements.look(arns)
        layers = [project.layer for project in PROJECTS]
        self._make(
            READER,
            "Looks at all layers: previews of pull requests, and drift",
            ["pull_request", f"ref:{_MAIN}"],
            [*resources, *roles, *state_statements.look(arns), *_look_at_quotas(arns)],
            [
                *layer_statements.look_at_most(resources, *layers),
                *roles,
                *state_statements.look(arns),
                *_look_at_quotas(arns),
            ],
        )

    def _make(
        self,
        purpose: str,
        description: str,
        runs: Sequence[str],
        statements: Sequence[Statement],
        limits: Sequence[Statement],
        *,
        ref: str = "",
    ) -> None:
        arns, child = self._args.arns, pulumi.ResourceOptions(parent=self)
        boundary = aws.iam.Policy(
            purpose,
            name=arns.names.boundary(purpose),
            description=f"The most that the role may do that {description[0].lower()}{description[1:]}",
            policy=boundary_policy(
                # Without names, which count towards the size that AWS allows.
                replace(each, sid="")
                for each in [*limits, *iam_statements.keep_limits(purpose, arns)]
            ),
            opts=child,
        )
        role = aws.iam.Role(
            purpose,
            name=arns.names.role(purpose),
            description=description,
            assume_role_policy=trust.by_workflow(
                arns, [f"repo:{self._args.repository}:{run}" for run in runs], ref
            ),
            permissions_boundary=boundary.arn,
            opts=child,
        )
        aws.iam.RolePolicy(
            purpose, name="permissions", role=role.name, policy=identity_policy(statements), opts=child
        )
