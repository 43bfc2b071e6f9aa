"""KMS: customer-managed keys and their aliases."""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.properties import Property, copy_fields, to_api, without_empty
from local.plugin.resource import REGION, REGION_AND_TAGS, Resource
from local.plugin.tags import TagApi
from local.plugin.values import Props

_NAMES = ("TagKey", "TagValue")
_KEY = {
    "description": Property(computed=True),
    "keyUsage": Property("ENCRYPT_DECRYPT", replace=True),
    "customerMasterKeySpec": Property("SYMMETRIC_DEFAULT", replace=True, api="KeySpec"),
    "policy": Property(computed=True, document="policy"),
    "bypassPolicyLockoutSafetyCheck": Property(False),
}


class Key(Resource):
    """A customer-managed key; its id is the key id. A delete schedules the deletion, as AWS requires."""

    pulumi_type = "aws:kms/key:Key"
    tag_api = TagApi("KeyId", by_arn=False, pair=_NAMES, read="list_resource_tags")
    properties: ClassVar = {
        **REGION_AND_TAGS,
        **_KEY,
        "multiRegion": Property(False, only=(False,)),
        "enableKeyRotation": Property(False),
        "rotationPeriodInDays": Property(computed=True),
        "isEnabled": Property(True),
        "deletionWindowInDays": Property(30),
    }

    def create(self, inputs: Props) -> str:
        request = without_empty(to_api(_KEY, inputs))
        response = self.client.create_key(Tags=tags.to_list(inputs["tags"], *_NAMES), **request)
        return str(response["KeyMetadata"]["KeyId"])

    def configure(self, resource_id: str, inputs: Props) -> None:
        if inputs["enableKeyRotation"]:
            self._set_rotation(resource_id, inputs)
        if not inputs["isEnabled"]:
            self.client.disable_key(KeyId=resource_id)

    def read(self, resource_id: str, state: Props) -> Props | None:
        key = self.client.describe_key(KeyId=resource_id)["KeyMetadata"]
        if key["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion"):
            return None
        rotation = self.client.get_key_rotation_status(KeyId=resource_id)
        policy = self.client.get_key_policy(KeyId=resource_id, PolicyName="default")["Policy"]
        return {
            **copy_fields(key, "arn", "keyId", "description", "keyUsage", "multiRegion"),
            "customerMasterKeySpec": key["KeySpec"],
            "isEnabled": key["Enabled"],
            "policy": policy,
            "enableKeyRotation": rotation["KeyRotationEnabled"],
            "rotationPeriodInDays": rotation.get("RotationPeriodInDays"),
            "tags": self.read_tags(resource_id),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        key: dict[str, Any] = {"KeyId": resource_id}
        if "isEnabled" in changed and new["isEnabled"]:
            # First, because AWS does not allow other changes of a disabled key.
            self.client.enable_key(**key)
        if changed & {"enableKeyRotation", "rotationPeriodInDays"}:
            self._set_rotation(resource_id, new)
        if "policy" in changed and new.get("policy"):
            bypass = new["bypassPolicyLockoutSafetyCheck"]
            self.client.put_key_policy(**key, Policy=new["policy"], BypassPolicyLockoutSafetyCheck=bypass)
        if "description" in changed:
            self.client.update_key_description(**key, Description=new.get("description", ""))
        if "isEnabled" in changed and not new["isEnabled"]:
            self.client.disable_key(**key)

    def delete(self, resource_id: str, state: Props) -> None:
        if self.read(resource_id, state) is not None:
            days = state.get("deletionWindowInDays", 30)
            self.client.schedule_key_deletion(KeyId=resource_id, PendingWindowInDays=days)

    def _set_rotation(self, resource_id: str, inputs: Props) -> None:
        if not inputs["enableKeyRotation"]:
            self.client.disable_key_rotation(KeyId=resource_id)
            return
        period = without_empty({"RotationPeriodInDays": inputs.get("rotationPeriodInDays")})
        self.client.enable_key_rotation(KeyId=resource_id, **period)


class Alias(Resource):
    """A name for a key; its id is the name, `alias/...`."""

    pulumi_type = "aws:kms/alias:Alias"
    identity = ("name",)
    properties: ClassVar = {
        **REGION,
        "name": Property(required=True, replace=True),
        "targetKeyId": Property(required=True),
    }

    def create(self, inputs: Props) -> str:
        self.client.create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        return str(inputs["name"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        pages = self.client.get_paginator("list_aliases").paginate()
        aliases = [alias for page in pages for alias in page["Aliases"] if alias["AliasName"] == resource_id]
        if not aliases:
            return None
        target = aliases[0]["TargetKeyId"]
        arn = self.aws.arn("kms", f"key/{target}")
        # The id and the ARN of a key are equivalent.
        declared = state.get("targetKeyId")
        return {
            "name": resource_id,
            "arn": aliases[0]["AliasArn"],
            "targetKeyId": declared if declared in (target, arn) else target,
            "targetKeyArn": arn,
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self.client.update_alias(AliasName=resource_id, TargetKeyId=new["targetKeyId"])

    def delete(self, resource_id: str, state: Props) -> None:
        self.client.delete_alias(AliasName=resource_id)
