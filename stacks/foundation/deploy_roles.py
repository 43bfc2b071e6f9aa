"""The roles that CI deploys with, one per layer, and the one that it looks with.

Who may take a role is GitHub's word on who runs: the deployment of a layer from main, approved in the
environment `<stack>-<layer>`; or, to look, a pull request or the main branch. The roles come into being when
an administrator first deploys foundation, who is needed again to change foundation's own role.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared import trust
from shared.arns import Arns
from shared.iam import Statement, identity_policy
from shared.names import READER, deployer
from shared.projects import PROJECTS, Project
from stacks.foundation import deploy_holdings, deploy_iam, deploy_state, deploy_statements
from stacks.foundation.keys import Keys

_MAIN = "refs/heads/main"


@dataclass(frozen=True, kw_only=True)
class DeployRolesArgs:
    """`repository`: the GitHub repository, as the subjects have it that GitHub signs."""

    arns: Arns
    keys: Keys
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
        roles = deploy_holdings.of(project, arns).roles
        resources = deploy_statements.deploy(project, arns, self._key_arns)
        resources += deploy_iam.of(project, roles, arns)
        self._make(
            purpose,
            f"Deploys the layer '{project.layer}'",
            [f"environment:{pulumi.get_stack()}-{project.layer}"],
            [*resources, *deploy_state.deploy(project, arns)],
            [
                *deploy_statements.at_most(resources, project.layer),
                *deploy_state.deploy_at_most(project, arns),
                *deploy_iam.keep_limits(purpose, arns),
            ],
            ref=_MAIN,
        )

    def _make_reader(self) -> None:
        arns = self._args.arns
        resources = deploy_statements.look(PROJECTS, arns, self._key_arns)
        resources += deploy_iam.look(arns)
        layers = [project.layer for project in PROJECTS]
        self._make(
            READER,
            "Looks at all layers: previews of pull requests, and drift",
            ["pull_request", f"ref:{_MAIN}"],
            [*resources, *deploy_state.look(arns)],
            [
                *deploy_statements.at_most(resources, *layers),
                *deploy_state.look(arns),
                *deploy_iam.keep_limits(READER, arns),
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
            policy=identity_policy(limits),
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
