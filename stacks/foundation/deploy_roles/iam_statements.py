"""What a deploy role may do with IAM: make its layer's roles within their boundaries, and hand them over.

IAM checks the boundary that a role has, or is to have, on the calls that give it permissions. On those that
pass it, delete it or change whom it trusts, it checks the name alone.
"""

from collections.abc import Mapping, Sequence

from shared.arns import Arns
from shared.iam import Statement
from shared.names import READER, Names, deployer
from shared.projects import FOUNDATION, Project
from stacks.foundation.deploy_roles.provider_actions import CALLS

_POLICY = "iam/policy:Policy"
_ROLE = "iam/role:Role"
_ROLE_POLICY = "iam/rolePolicy:RolePolicy"
_BOUNDARY = "iam:PermissionsBoundary"

_GIVE = ("iam:CreateRole", "iam:PutRole*")
# A denial of more than there is gives no permission, and holds for what IAM adds.
_CHANGE = (
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


def of(project: Project, roles: Mapping[str, str], arns: Arns) -> list[Statement]:
    """For the layer's roles, the service of each by its purpose; for foundation, the deploy roles."""
    if project == FOUNDATION:
        return _manage_deployers(arns)
    return [*_make_roles(roles, arns), *_pass_roles(roles, arns)] if roles else []


def keep_limits(purpose: str, arns: Arns) -> list[Statement]:
    """What no policy can give the role of a purpose: to change itself or its limits, or make a role without.

    Nor is `iam:DeleteRolePermissionsBoundary` among what a boundary allows.
    """
    limits = {"StringNotLike": {_BOUNDARY: arns.boundary("*")}}
    # One pattern for the role and its boundary, because a boundary must be short.
    own = [arns.iam(f"*/{Names().role(purpose)}*")]
    return [
        Statement(sid="KeepOwnLimits", effect="Deny", actions=_CHANGE, resources=own),
        Statement(sid="KeepLimits", effect="Deny", actions=_GIVE, resources=["*"], conditions=limits),
    ]


def look(arns: Arns) -> list[Statement]:
    """Look at every role and policy of the pipeline."""
    resources = [arns.role("*"), arns.iam(f"policy/{arns.names.role('*')}")]
    return [
        Statement(
            sid="LookAtRoles", actions=_calls("look", _POLICY, _ROLE, _ROLE_POLICY), resources=resources
        )
    ]


def _make_roles(roles: Mapping[str, str], arns: Arns) -> list[Statement]:
    return [
        Statement(
            sid="Roles",
            actions=[*_calls("change", _ROLE), *_calls("look", _ROLE, _ROLE_POLICY)],
            resources=[arns.role(purpose) for purpose in roles],
        ),
        *(
            Statement(
                sid=f"Limit{_word(purpose)}",
                actions=_calls("make", _ROLE, _ROLE_POLICY),
                resources=[arns.role(purpose)],
                conditions={"StringEquals": {_BOUNDARY: arns.boundary(purpose)}},
            )
            for purpose in roles
        ),
    ]


def _pass_roles(roles: Mapping[str, str], arns: Arns) -> list[Statement]:
    return [
        Statement(
            sid=f"PassTo{_word(service)}",
            actions=["iam:PassRole"],
            resources=[arns.role(purpose) for purpose, to in roles.items() if to == service],
            conditions={"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}},
        )
        for service in sorted(set(roles.values()))
    ]


def _manage_deployers(arns: Arns) -> list[Statement]:
    """Every boundary, and the roles of CI within theirs. `keep_limits` exempts foundation's own role."""
    roles = [arns.role(deployer("*")), arns.role(READER)]
    limits = [arns.boundary(deployer("*")), arns.boundary(READER)]
    return [
        Statement(
            sid="Policies", actions=_calls("make change look", _POLICY), resources=[arns.boundary("*")]
        ),
        Statement(
            sid="Roles",
            actions=[*_calls("change", _ROLE), *_calls("look", _ROLE, _ROLE_POLICY)],
            resources=roles,
        ),
        Statement(
            sid="LimitRoles",
            actions=_calls("make", _ROLE, _ROLE_POLICY),
            resources=roles,
            conditions={"ArnLike": {_BOUNDARY: limits}},
        ),
    ]


def _calls(kinds: str, *types: str) -> Sequence[str]:
    return sorted({action for type_ in types for kind in kinds.split() for action in CALLS[type_].of(kind)})


def _word(purpose: str) -> str:
    return "".join(part.capitalize() for part in purpose.split("-"))
