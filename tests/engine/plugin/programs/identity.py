"""Keys, roles and policies."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi_aws as aws

from tests.engine.plugin.programs.documents import policy_json, trust_policy_json
from tests.engine.plugin.programs.variant import Client, Group, Variant

_ROOT = {"AWS": ["arn:aws:iam::000000000000:root"]}


def _declare_resources(variant: Variant, _: Path) -> None:
    changed = variant is Variant.CHANGED
    administration = {
        "Sid": "Root",
        "Effect": "Allow",
        "Principal": _ROOT,
        "Action": ["kms:*"],
        "Resource": ["*"],
    }
    logs = {**administration, "Sid": "Logs", "Principal": {"Service": "logs.amazonaws.com"}}
    key = aws.kms.Key(
        "key",
        description="What it is for" if not changed else "What else it is for",
        policy=policy_json(administration, *([] if changed else [logs]), variant=variant),
        enable_key_rotation=True,
        rotation_period_in_days=180 if changed else 365,
        deletion_window_in_days=7,
        tags={"Layer": "test", **({} if changed else {"Old": "yes"})},
    )
    other = aws.kms.Key("other-key", deletion_window_in_days=7)
    aws.kms.Alias("alias", name="alias/plugin-test", target_key_id=other.arn if changed else key.arn)

    queues = {"Sid": "Queues", "Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": ["*"]}
    topics = {"Sid": "Topics", "Effect": "Allow", "Action": ["sns:Publish"], "Resource": ["*"]}
    boundary = aws.iam.Policy(
        "boundary",
        name="plugin-test-boundary",
        policy=policy_json(queues, *([] if changed else [topics]), variant=variant),
        tags={"Layer": "test"},
    )
    role = aws.iam.Role(
        "role",
        name="plugin-test-role",
        assume_role_policy=trust_policy_json("lambda.amazonaws.com", variant),
        permissions_boundary=None if changed else boundary.arn,
        managed_policy_arns=[boundary.arn] if changed else [],
        max_session_duration=7200 if changed else 3600,
        description="Another role" if changed else "A role",
        tags={"Layer": "changed" if changed else "test"},
    )
    aws.iam.RolePolicy(
        "role-policy",
        name="send",
        role=role.name,
        policy=policy_json(queues, *([topics] if changed else []), variant=variant),
    )
    aws.iam.Role(
        "renamed-role",
        name="plugin-test-second" if changed else "plugin-test-first",
        assume_role_policy=trust_policy_json("lambda.amazonaws.com", variant),
    )


def _list_resources(client: Client) -> set[str]:
    kms, iam = client("kms"), client("iam")
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    return {
        *(key["KeyId"] for key in keys if key["KeyState"] == "Enabled"),
        *(alias["AliasName"] for alias in kms.list_aliases()["Aliases"]),
        *(role["RoleName"] for role in iam.list_roles()["Roles"]),
        *(entry["Arn"] for entry in iam.list_policies(Scope="Local")["Policies"]),
    }


def _read_settings(client: Client, outputs: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    kms, iam = client("kms"), client("iam")
    key, role = outputs("key")["keyId"], iam.get_role(RoleName="plugin-test-role")["Role"]
    document = iam.get_role_policy(RoleName="plugin-test-role", PolicyName="send")["PolicyDocument"]
    attached = iam.list_attached_role_policies(RoleName="plugin-test-role")["AttachedPolicies"]
    aliases = kms.list_aliases(KeyId=outputs("other-key")["keyId"])["Aliases"]
    return {
        "description": kms.describe_key(KeyId=key)["KeyMetadata"]["Description"],
        "rotation": kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"],
        "tags": kms.list_resource_tags(KeyId=key)["Tags"],
        "alias": [alias["AliasName"] for alias in aliases],
        "boundary": role.get("PermissionsBoundary"),
        "attached": [entry["PolicyName"] for entry in attached],
        "role description": role.get("Description", ""),
        "role seconds": role["MaxSessionDuration"],
        "statements": [statement["Sid"] for statement in document["Statement"]],
    }


GROUP = Group(
    program=_declare_resources,
    types=frozenset(
        {
            "aws:kms/key:Key",
            "aws:kms/alias:Alias",
            "aws:iam/policy:Policy",
            "aws:iam/role:Role",
            "aws:iam/rolePolicy:RolePolicy",
        }
    ),
    changes={
        "key": "update",
        "alias": "update",
        "boundary": "update",
        "role": "update",
        "role-policy": "update",
        "renamed-role": "replace",
    },
    list_resources=_list_resources,
    read_settings=_read_settings,
    expected_settings={
        "description": "What else it is for",
        "rotation": 180,
        "tags": [{"TagKey": "Layer", "TagValue": "test"}],
        "alias": ["alias/plugin-test"],
        "boundary": None,
        "attached": ["plugin-test-boundary"],
        "role description": "Another role",
        "role seconds": 7200,
        "statements": ["Queues", "Topics"],
    },
)
