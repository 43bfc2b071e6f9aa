"""Rules for IAM roles and policies."""

from policy.resource import Resource, Stack, Statement, arn_name
from policy.rule import rule
from shared.wildcards import is_exempt

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
USER = "aws:iam/user:User"
ACCESS_KEY = "aws:iam/accessKey:AccessKey"
USER_POLICY = "aws:iam/userPolicy:UserPolicy"

SECURITY_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html"
KMS_CONTROLS = "https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html"
GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
AWS_MANAGED = ":iam::aws:policy/"
DECRYPT_ACTIONS = ("kms:Decrypt", "kms:ReEncryptFrom")
MOST_SESSION_SECONDS = 3600
# Actions with which a role could give itself more permissions, and the condition that prevents it.
_GRANTING_ACTIONS = (
    "iam:CreateRole",
    "iam:PutRolePolicy",
    "iam:AttachRolePolicy",
    "iam:PutRolePermissionsBoundary",
)


@rule(
    "iam-no-administrator",
    POLICY,
    ROLE_POLICY,
    title="No policy allows every action",
    reason="A role with every permission makes every other control useless.",
    remedy="List the actions and the resources.",
    link=f"{SECURITY_HUB}#iam-1",
    controls="C4 IAM.1",
)
def allows_no_administration(policy: Resource) -> bool:
    return not any("*" in statement.actions for statement in _allowed(policy))


@rule(
    "iam-no-wildcard-action",
    POLICY,
    ROLE_POLICY,
    title="No policy allows actions by a pattern",
    reason="A pattern includes actions that no one reviewed, and those that AWS adds later.",
    remedy="List the actions.",
    link=f"{SECURITY_HUB}#iam-21",
    controls="C4 IAM.21 AwsSolutions-IAM5",
)
def lists_actions(policy: Resource) -> bool:
    return not any(_has_wildcard(action) for statement in _allowed(policy) for action in statement.actions)


@rule(
    "iam-role-wildcard-resource",
    ROLE_POLICY,
    title="A role's policy names its resources, or the wildcard is listed with its reason",
    reason="A wildcard includes the resources of others.",
    remedy="Name the resource, or add the action to shared/wildcards.py with its reason.",
    link=f"{GUIDE}/access_policies_elements_resource.html",
    controls="C4 AwsSolutions-IAM5",
)
def role_names_resources(policy: Resource) -> bool:
    return _names_resources(policy, in_boundary=False)


@rule(
    "iam-policy-wildcard-resource",
    POLICY,
    title="A boundary names its resources, or the wildcard is listed with its reason",
    reason="A boundary with wildcards limits nothing.",
    remedy="Name the resource, or add the action to shared/wildcards.py with its reason.",
    link=f"{GUIDE}/access_policies_boundaries.html",
    controls="C4 AwsSolutions-IAM5",
)
def boundary_names_resources(policy: Resource) -> bool:
    return _names_resources(policy, in_boundary=True)


@rule(
    "iam-no-negated-allow",
    POLICY,
    ROLE_POLICY,
    title="No statement allows everything except a list",
    reason="NotAction and NotResource allow what AWS adds later.",
    remedy="Use Action and Resource.",
    link=f"{GUIDE}/reference_policies_elements_notaction.html",
    controls="C4 AwsSolutions-IAM5",
)
def allows_listed_only(policy: Resource) -> bool:
    return not any(statement.negated for statement in _allowed(policy))


@rule(
    "iam-no-managed-policy",
    ROLE,
    title="A role has no AWS managed policy",
    reason="AWS managed policies have wildcards, and AWS changes them.",
    remedy="Write a policy for the role.",
    link=f"{GUIDE}/access_policies_managed-vs-inline.html",
    controls="C4 AwsSolutions-IAM4",
)
def has_no_managed_policy(role: Resource) -> bool:
    return not any(AWS_MANAGED in arn for arn in role.values("managedPolicyArns"))


@rule(
    "iam-no-managed-attachment",
    ATTACHMENT,
    title="No AWS managed policy is attached to a role",
    reason="AWS managed policies have wildcards, and AWS changes them.",
    remedy="Write a policy for the role.",
    link=f"{GUIDE}/access_policies_managed-vs-inline.html",
    controls="C4 AwsSolutions-IAM4",
)
def attaches_no_managed_policy(attachment: Resource) -> bool:
    return AWS_MANAGED not in (attachment["policyArn"] or AWS_MANAGED)


@rule(
    "iam-boundary",
    ROLE,
    title="A role has a permissions boundary",
    reason="The platform team limits what a layer's team can give to its roles.",
    remedy="Set permissionsBoundary.",
    link=f"{GUIDE}/access_policies_boundaries.html",
    controls="C4 R10",
)
def has_boundary(role: Resource) -> bool:
    return bool(role["permissionsBoundary"])


@rule(
    "iam-trust-named",
    ROLE,
    title="The trust policy of a role names who may assume it",
    reason="Anyone could assume the role.",
    remedy="Set Principal to a service, an account or an identity provider.",
    link=f"{GUIDE}/id_roles_create_for-user.html",
    controls="C4",
)
def names_trusted(role: Resource) -> bool:
    return not any(statement.allows_everyone for statement in role.statements("assumeRolePolicy"))


@rule(
    "iam-trust-federated",
    ROLE,
    title="An identity provider may assume a role only for named subjects",
    reason="Every repository of the provider could otherwise deploy.",
    remedy="Test aud and sub of the token in a condition with StringEquals.",
    link=f"{GUIDE}/id_roles_create_for-idp_oidc.html",
    controls="C4",
)
def limits_federation(role: Resource) -> bool:
    return all(
        _tests_claim(statement, ":aud") and _tests_claim(statement, ":sub")
        for statement in role.statements("assumeRolePolicy")
        if any(kind == "Federated" for kind, _ in statement.principals)
    )


@rule(
    "iam-session-length",
    ROLE,
    title="A session of a role lasts at most one hour",
    reason="Stolen credentials of a session are valid until its end.",
    remedy="Remove maxSessionDuration.",
    link=f"{GUIDE}/id_roles_update-role-settings.html",
)
def has_short_sessions(role: Resource) -> bool:
    return (role["maxSessionDuration"] or MOST_SESSION_SECONDS) <= MOST_SESSION_SECONDS


@rule(
    "iam-no-decrypt-everywhere",
    POLICY,
    ROLE_POLICY,
    title="No policy allows to decrypt with every key",
    reason="One role could read the data of all keys of the account.",
    remedy="Name the key.",
    link=f"{KMS_CONTROLS}#kms-1",
    controls="KMS.1 KMS.2",
)
def decrypts_with_named_keys(policy: Resource) -> bool:
    return not any(
        action in (*DECRYPT_ACTIONS, "kms:*", "*") and _is_every_key(resource)
        for statement in _allowed(policy)
        for action in statement.actions
        for resource in statement.resources
    )


@rule(
    "iam-no-pass-any-role",
    ROLE_POLICY,
    title="A role passes named roles only, to named services",
    reason="Passing any role to a function gives the function the permissions of any role.",
    remedy="Name the roles, and add a condition on iam:PassedToService.",
    link=f"{GUIDE}/id_roles_use_passrole.html",
    controls="C4",
)
def passes_named_roles(policy: Resource) -> bool:
    return all(
        "*" not in statement.resources and statement.condition_values("iam:PassedToService")
        for statement in _allowed(policy)
        if "iam:PassRole" in statement.actions
    )


@rule(
    "iam-grants-with-boundary",
    ROLE_POLICY,
    title="A role that makes roles must give them a boundary",
    reason="A deploy role could otherwise make a role with every permission, and use it.",
    remedy="Add a condition on iam:PermissionsBoundary.",
    link=f"{GUIDE}/access_policies_boundaries.html",
    controls="C4",
)
def grants_with_boundary(policy: Resource) -> bool:
    return all(
        statement.condition_values("iam:PermissionsBoundary")
        for statement in _allowed(policy)
        if not set(_GRANTING_ACTIONS).isdisjoint(statement.actions)
    )


@rule(
    "iam-no-users",
    USER,
    ACCESS_KEY,
    USER_POLICY,
    title="The stacks declare no IAM user and no access key",
    reason="Keys of users do not expire. Roles have credentials for an hour.",
    remedy="Use a role.",
    link=f"{GUIDE}/best-practices.html",
)
def is_no_user(_: Resource) -> bool:
    return False


@rule(
    "iam-role-policies-declared",
    ROLE_POLICY,
    title="A role's policy belongs to a role of the same stack",
    reason="A layer cannot widen a role of another layer.",
    remedy="Declare the role in the stack.",
    link=f"{GUIDE}/access_policies_managed-vs-inline.html",
    controls="R10",
)
def extends_own_role(policy: Resource, stack: Stack) -> bool:
    return any(arn_name(policy["role"]) == role["name"] for role in stack.of_type(ROLE))


def _allowed(policy: Resource) -> list[Statement]:
    return [statement for statement in policy.statements() if statement.allows]


def _has_wildcard(text: str) -> bool:
    return "*" in text or "?" in text


def _is_every_key(resource: str) -> bool:
    return resource == "*" or resource.endswith((":key/*", ":kms:*"))


def _tests_claim(statement: Statement, claim: str) -> bool:
    """Whether the statement compares a claim of the token with values without wildcards."""
    exact = statement.conditions.get("StringEquals", {})
    return any(key.endswith(claim) for key in exact)


def _names_resources(policy: Resource, *, in_boundary: bool) -> bool:
    return all(
        is_exempt(action, resource, statement.conditions, in_boundary=in_boundary)
        for statement in _allowed(policy)
        for resource in statement.resources
        if _has_wildcard(resource)
        for action in statement.actions
    )
