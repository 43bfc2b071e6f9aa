"""Rules for KMS keys."""

from policy.resource import Resource, Stack
from policy.rule import rule

KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"
GRANT = "aws:kms/grant:Grant"

SECURITY_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html"
GUIDE = "https://docs.aws.amazon.com/kms/latest/developerguide"
LONGEST_WINDOW_DAYS = 30
_USES = ("kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom")


@rule(
    "kms-rotation",
    KEY,
    title="A key is rotated each year",
    reason="Less data is encrypted with one version of the key.",
    remedy="Set enableKeyRotation to true.",
    link=f"{SECURITY_HUB}#kms-4",
    controls="KMS.4 AwsSolutions-KMS5 CKV_AWS_7",
)
def is_rotated(key: Resource) -> bool:
    return key["enableKeyRotation"] is True


@rule(
    "kms-enabled",
    KEY,
    title="A key is enabled",
    reason="Everything that is encrypted with a disabled key is unreadable.",
    remedy="Remove isEnabled.",
    link=f"{GUIDE}/enabling-keys.html",
    controls="CKV_AWS_227",
)
def is_enabled(key: Resource) -> bool:
    return key["isEnabled"] in (None, True)


@rule(
    "kms-not-public",
    KEY,
    title="The policy of a key allows no one without a condition on the account",
    reason="Other accounts could decrypt transactions.",
    remedy="Name the principals, or test kms:CallerAccount in a condition.",
    link=f"{SECURITY_HUB}#kms-5",
    controls="KMS.5 CKV_AWS_33",
)
def is_not_public(key: Resource) -> bool:
    return not any(
        statement.allows_everyone
        and not statement.condition_values("kms:CallerAccount")
        and not statement.condition_values("aws:PrincipalAccount")
        for statement in key.statements()
    )


@rule(
    "kms-no-wildcard-action",
    KEY,
    title="The policy of a key lists its actions",
    reason="kms:* lets an administrator of the key read data.",
    remedy="List the actions.",
    link=f"{GUIDE}/key-policies.html",
    controls="C4",
)
def lists_actions(key: Resource) -> bool:
    return not any("*" in action for item in key.statements() if item.allows for action in item.actions)


@rule(
    "kms-deletion-window",
    KEY,
    title="A key waits 30 days before it is deleted",
    reason="The deletion of a key loses all data of the key. It is noticed within a month.",
    remedy="Set deletionWindowInDays to 30.",
    link=f"{SECURITY_HUB}#kms-3",
    controls="KMS.3",
)
def waits_before_deletion(key: Resource) -> bool:
    return key["deletionWindowInDays"] in (None, LONGEST_WINDOW_DAYS)


@rule(
    "kms-administration-separate",
    KEY,
    title="No one who administers a key uses it by the same statement",
    reason="Those who change a key's policy need not read data.",
    remedy="Split the statement into administration and use, with a condition on kms:ViaService for the use.",
    link=f"{GUIDE}/key-policy-default.html",
    controls="C4",
)
def separates_administration(key: Resource) -> bool:
    return not any(
        "kms:PutKeyPolicy" in statement.actions and not set(_USES).isdisjoint(statement.actions)
        for statement in key.statements()
        if statement.allows
    )


@rule(
    "kms-use-conditional",
    KEY,
    title="A statement that lets the whole account use a key has a condition",
    reason="A role could otherwise decrypt with the key outside the service that stores the data.",
    remedy="Add a condition on kms:ViaService or on the encryption context.",
    link=f"{GUIDE}/policy-conditions.html",
    controls="C4",
)
def limits_use(key: Resource) -> bool:
    return all(
        statement.conditions
        for statement in key.statements()
        if statement.allows
        and not set(_USES).isdisjoint(statement.actions)
        and any(value.endswith(":root") for _, value in statement.principals)
    )


@rule(
    "kms-described",
    KEY,
    title="A key has a description",
    reason="Whoever disables a key knows what becomes unreadable.",
    remedy="Set description to what the key encrypts.",
    link=f"{GUIDE}/create-keys.html",
)
def is_described(key: Resource) -> bool:
    return bool(key["description"])


@rule(
    "kms-alias",
    KEY,
    title="A key has an alias",
    reason="People read names of keys in CloudTrail, not IDs.",
    remedy="Declare an Alias with the key's logical name.",
    link=f"{GUIDE}/kms-alias.html",
)
def has_alias(key: Resource, stack: Stack) -> bool:
    # The key's ID is unknown in the first preview. Alias and key have the same logical name.
    return any(alias.name == key.name for alias in stack.of_type(ALIAS))


@rule(
    "kms-single-region",
    KEY,
    title="A key stays in its region",
    reason="A multi-region key can decrypt copies of the data elsewhere.",
    remedy="Remove multiRegion.",
    link=f"{GUIDE}/multi-region-keys-overview.html",
)
def is_single_region(key: Resource) -> bool:
    return not key["multiRegion"]


@rule(
    "kms-no-safety-bypass",
    KEY,
    title="KMS checks that a key's policy can be changed again",
    reason="A policy without the check can lock out everyone.",
    remedy="Remove bypassPolicyLockoutSafetyCheck.",
    link="https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html",
)
def checks_lockout(key: Resource) -> bool:
    return not key["bypassPolicyLockoutSafetyCheck"]


@rule(
    "kms-no-grants",
    GRANT,
    title="Programs declare no grants",
    reason="A grant permits what no policy shows. Services make the grants that they need.",
    remedy="Use the key's policy.",
    link=f"{GUIDE}/grants.html",
    controls="C4",
)
def is_no_grant(_: Resource) -> bool:
    return False
