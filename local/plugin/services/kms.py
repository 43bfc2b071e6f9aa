"""KMS: customer-managed keys and their aliases."""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.properties import Property
from local.plugin.resource import REGION, TAGS, Resource
from local.plugin.values import Props

_NAMES = ("TagKey", "TagValue")


class Key(Resource):
    """A customer-managed key; its id is the key id. A delete schedules the deletion, as AWS requires."""

    pulumi_type = "aws:kms/key:Key"
    properties: ClassVar = {
        **REGION,
        **TAGS,
        "description": Property(computed=True),
        "keyUsage": Property("ENCRYPT_DECRYPT", replace=True),
        "customerMasterKeySpec": Property("SYMMETRIC_DEFAULT", replace=True),
        "multiRegion": Property(False, only=(False,)),
        "policy": Property(computed=True, document="policy"),
        "bypassPolicyLockoutSafetyCheck": Property(False),
        "enableKeyRotation": Property(False),
        "rotationPeriodInDays": Property(computed=True),
        "isEnabled": Property(True),
        "deletionWindowInDays": Property(30),
    }

    def create(self, inputs: Props) -> str:
        optional = {"Policy": inputs.get("policy"), "Description": inputs.get("description")}
        response = self._kms.create_key(
            KeyUsage=inputs["keyUsage"],
            KeySpec=inputs["customerMasterKeySpec"],
            BypassPolicyLockoutSafetyCheck=inputs["bypassPolicyLockoutSafetyCheck"],
            Tags=tags.to_list(inputs["tags"], *_NAMES),
            **{name: value for name, value in optional.items() if value},
        )
        return str(response["KeyMetadata"]["KeyId"])

    def configure(self, resource_id: str, inputs: Props) -> None:
        if inputs["enableKeyRotation"]:
            self._set_rotation(resource_id, inputs)
        if not inputs["isEnabled"]:
            self._kms.disable_key(KeyId=resource_id)

    def read(self, resource_id: str, state: Props) -> Props | None:
        key = self._kms.describe_key(KeyId=resource_id)["KeyMetadata"]
        if key["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion"):
            return None
        rotation = self._kms.get_key_rotation_status(KeyId=resource_id)
        policy = self._kms.get_key_policy(KeyId=resource_id, PolicyName="default")["Policy"]
        return {
            "arn": key["Arn"],
            "keyId": key["KeyId"],
            "description": key.get("Description"),
            "keyUsage": key["KeyUsage"],
            "customerMasterKeySpec": key["KeySpec"],
            "multiRegion": key["MultiRegion"],
            "isEnabled": key["Enabled"],
            "policy": policy,
            "enableKeyRotation": rotation["KeyRotationEnabled"],
            "rotationPeriodInDays": rotation.get("RotationPeriodInDays"),
            "tags": tags.from_list(self._kms.list_resource_tags(KeyId=resource_id).get("Tags"), *_NAMES),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        key: dict[str, Any] = {"KeyId": resource_id}
        if "isEnabled" in changed and new["isEnabled"]:
            # First, because AWS does not allow other changes of a disabled key.
            self._kms.enable_key(**key)
        if changed & {"enableKeyRotation", "rotationPeriodInDays"}:
            self._set_rotation(resource_id, new)
        if "policy" in changed and new.get("policy"):
            bypass = new["bypassPolicyLockoutSafetyCheck"]
            self._kms.put_key_policy(**key, Policy=new["policy"], BypassPolicyLockoutSafetyCheck=bypass)
        if "description" in changed:
            self._kms.update_key_description(**key, Description=new.get("description", ""))
        tags.update_tags(
            old["tags"],
            new["tags"],
            put=lambda added: self._kms.tag_resource(**key, Tags=tags.to_list(added, *_NAMES)),
            remove=lambda names: self._kms.untag_resource(**key, TagKeys=names),
        )
        if "isEnabled" in changed and not new["isEnabled"]:
            self._kms.disable_key(**key)

    def delete(self, resource_id: str, state: Props) -> None:
        if self.read(resource_id, state) is not None:
            days = state.get("deletionWindowInDays", 30)
            self._kms.schedule_key_deletion(KeyId=resource_id, PendingWindowInDays=days)

    def _set_rotation(self, resource_id: str, inputs: Props) -> None:
        if not inputs["enableKeyRotation"]:
            self._kms.disable_key_rotation(KeyId=resource_id)
            return
        days = inputs.get("rotationPeriodInDays")
        self._kms.enable_key_rotation(KeyId=resource_id, **({"RotationPeriodInDays": days} if days else {}))

    @property
    def _kms(self) -> Any:
        return self.aws.client("kms")


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
        self.aws.client("kms").create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        return str(inputs["name"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        pages = self.aws.client("kms").get_paginator("list_aliases").paginate()
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
        self.aws.client("kms").update_alias(AliasName=resource_id, TargetKeyId=new["targetKeyId"])

    def delete(self, resource_id: str, state: Props) -> None:
        self.aws.client("kms").delete_alias(AliasName=resource_id)


RESOURCES = (Key, Alias)
