"""IAM permissions of the deploy roles: create a layer's roles with their boundaries, and pass them.

IAM checks the permissions boundary of a role on the calls that grant the role permissions. On the calls that
pass or delete the role or change its trust policy, IAM checks only the name of the role.
"""

from collections.abc import Mapping, Sequence

from shared.arns import Arns
from shared.iam import Statement
from shared.names import READER, Names, deploy_role_purpose
from shared.projects import FOUNDATION, Project
from stacks.foundation.deploy_roles.provider_actions import find_actions

_POLICY = "iam/policy:Policy"
_ROLE = "iam/role:Role"
_ROLE_POLICY = "iam/rolePolicy:RolePolicy"
_BOUNDARY = "iam:PermissionsBoundary"

_GRANT_ACTIONS = ("iam:CreateRole", "iam:PutRole*")
# The patterns also deny actions that IAM adds later. A denial cannot grant a permission.
_CHANGE_ACTIONS = (
    "iam:Attach*",
    "iam:Create*",
    "iam:Delete*",
    "iam:Detach*",
    "iam:Put*",
    "iam:Set*",
    "iam:Tag*",
    "iam:Untag*",
    "iam:Update*",
)


def deploy_statements(project: Project, roles: Mapping[str, str], arns: Arns) -> list[Statement]:
    """Permissions for the layer's roles; for foundation, for the deploy roles.

    `roles`: the service that each role is for, by purpose.
    """
    if project == FOUNDATION:
        return _deploy_role_statements(arns)
    return [*_role_statements(roles, arns), *_pass_role_statements(roles, arns)] if roles else []


def role_family_statements(families: Sequence[str], arns: Arns) -> list[Statement]:
    """Permissions for all roles of a family, within the boundary of the family."""
    return [
        statement
        for family in families
        for statement in (
            _update_roles_statement([arns.role(f"{family}-*")], f"{family.capitalize()}Roles"),
            Statement(
                sid=f"Limit{family.capitalize()}Roles",
                actions=find_actions([_ROLE, _ROLE_POLICY], "create"),
                resources=[arns.role(f"{family}-*")],
                conditions={"StringEquals": {_BOUNDARY: arns.boundary(family)}},
            ),
        )
    ]


def self_protection_statements(purpose: str, arns: Arns, *, creates_roles: bool) -> list[Statement]:
    """Denials for the role of a purpose: changes of itself and its boundary, and roles without a boundary.

    A role that creates no roles is denied every role. No boundary allows
    `iam:DeleteRolePermissionsBoundary` either.
    """
    without_boundary = {"StringNotLike": {_BOUNDARY: arns.boundary("*")}} if creates_roles else {}
    # One pattern covers the role and its boundary, because the size of a boundary is limited.
    own_role_and_boundary = [arns.iam(f"*/{Names().role(purpose)}*")]
    return [
        Statement(
            sid="KeepOwnLimits", effect="Deny", actions=_CHANGE_ACTIONS, resources=own_role_and_boundary
        ),
        Statement(
            sid="KeepLimits",
            effect="Deny",
            actions=_GRANT_ACTIONS,
            resources=["*"],
            conditions=without_boundary,
        ),
    ]


def read_statements(arns: Arns) -> list[Statement]:
    """Read every role and policy of the pipeline."""
    resources = [arns.role("*"), arns.iam(f"policy/{arns.names.role('*')}")]
    return [
        Statement(
            sid="LookAtRoles",
            actions=find_actions([_POLICY, _ROLE, _ROLE_POLICY], "read"),
            resources=resources,
        )
    ]


def _role_statements(roles: Mapping[str, str], arns: Arns) -> list[Statement]:
    return [
        _update_roles_statement([arns.role(purpose) for purpose in roles]),
        *(
            Statement(
                sid=f"Limit{_capitalize_parts(purpose)}",
                actions=find_actions([_ROLE, _ROLE_POLICY], "create"),
                resources=[arns.role(purpose)],
                conditions={"StringEquals": {_BOUNDARY: arns.boundary(purpose)}},
            )
            for purpose in roles
        ),
    ]


def _pass_role_statements(roles: Mapping[str, str], arns: Arns) -> list[Statement]:
    return [
        Statement(
            sid=f"PassTo{_capitalize_parts(service)}",
            actions=["iam:PassRole"],
            resources=[
                arns.role(purpose) for purpose, role_service in roles.items() if role_service == service
            ],
            conditions={"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}},
        )
        for service in sorted(set(roles.values()))
    ]


def _deploy_role_statements(arns: Arns) -> list[Statement]:
    """Permissions for every boundary, and for CI's roles within their boundaries.

    `self_protection_statements` exclude foundation's own role.
    """
    roles = [arns.role(deploy_role_purpose("*")), arns.role(READER)]
    limits = [arns.boundary(deploy_role_purpose("*")), arns.boundary(READER)]
    return [
        Statement(
            sid="Policies",
            actions=find_actions([_POLICY], "create", "update", "read"),
            resources=[arns.boundary("*")],
        ),
        _update_roles_statement(roles),
        Statement(
            sid="LimitRoles",
            actions=find_actions([_ROLE, _ROLE_POLICY], "create"),
            resources=roles,
            conditions={"ArnLike": {_BOUNDARY: limits}},
        ),
    ]


def _update_roles_statement(roles: Sequence[str], sid: str = "Roles") -> Statement:
    actions = [*find_actions([_ROLE], "update"), *find_actions([_ROLE, _ROLE_POLICY], "read")]
    return Statement(sid=sid, actions=actions, resources=roles)


def _capitalize_parts(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))
