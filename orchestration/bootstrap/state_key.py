"""The key for Pulumi's state and for the secrets in it. Who may use it is for IAM policies to say."""

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestration.bootstrap.resource import Part, Setting
from shared.arns import Arns
from shared.iam import Statement
from shared.policy_equality import canonical_policy
from stacks.foundation.key_statements import administer

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

# A key that nobody uses yet; the least that AWS allows.
_LOST_RACE_DAYS = 7
_USABLE = "Enabled"
_DELETED_LATER = ("PendingDeletion", "PendingReplicaDeletion")


class StateKey(Part):
    """Found by its alias. One without an alias that has `tags` is left of a run that was broken off."""

    kind = "key"

    def __init__(self, kms: "KMSClient", arns: Arns, tags: dict[str, str]) -> None:
        self.name = arns.names.state_key_alias
        self._kms = kms
        self._arns = arns
        self._tags = tags
        self._arn = ""

    @property
    def arn(self) -> str:
        """Its ARN; empty as long as there is none."""
        return self._arn

    def is_there(self) -> bool:
        # An alias that was just made is not known everywhere yet, but the key has an id by then.
        try:
            self._arn = self._describe(self._arn or self.name)["Arn"]
        except self._kms.exceptions.NotFoundException:
            return False
        return self._has_alias()

    def make(self) -> None:
        arn = next(self._left_behind(), None) or self._create()
        try:
            self._kms.create_alias(AliasName=self.name, TargetKeyId=arn)
        except self._kms.exceptions.AlreadyExistsException:
            # Somebody else was faster: that one is the key.
            self._kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=_LOST_RACE_DAYS)
            arn = self._describe(self.name)["Arn"]
        self._arn = arn

    def settings(self) -> Sequence[Setting]:
        key = self._arn
        return [
            Setting("state", lambda: self._state(key) == _USABLE, lambda: self._enable(key)),
            Setting(
                "rotation",
                lambda: self._kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"],
                lambda: self._kms.enable_key_rotation(KeyId=key),
            ),
            Setting(
                "policy",
                lambda: canonical_policy(self._policy_of(key)) == canonical_policy(self.policy),
                lambda: self._kms.put_key_policy(KeyId=key, Policy=json.dumps(self.policy)),
            ),
            Setting(
                "tags",
                lambda: self._tags_of(key).items() >= self._tags.items(),
                lambda: self._kms.tag_resource(KeyId=key, Tags=self._tag_list),
            ),
        ]

    @cached_property
    def policy(self) -> dict[str, Any]:
        """Administered and used by whom the account's IAM policies allow."""
        root = {"AWS": self._arns.account_root}
        use = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")
        statements = [administer(self._arns), Statement(sid="Use", actions=use, principal=root)]
        documents = [{**statement.as_document(), "Resource": "*"} for statement in statements]
        return {"Version": "2012-10-17", "Statement": documents}

    @property
    def _tag_list(self) -> Any:
        return [{"TagKey": name, "TagValue": value} for name, value in self._tags.items()]

    def _create(self) -> str:
        made = self._kms.create_key(
            Description="Pulumi's state and the secrets in it",
            Policy=json.dumps(self.policy),
            Tags=self._tag_list,
        )
        return made["KeyMetadata"]["Arn"]

    def _left_behind(self) -> Iterator[str]:
        for page in self._kms.get_paginator("list_keys").paginate():
            for key in page["Keys"]:
                try:
                    metadata = self._describe(key["KeyId"])
                    ours = (
                        metadata["KeyManager"] == "CUSTOMER"
                        and metadata["KeyState"] == _USABLE
                        and self._tags_of(key["KeyId"]).items() >= self._tags.items()
                    )
                except ClientError:
                    continue  # Other people's keys need not be readable.
                if ours and not self._kms.list_aliases(KeyId=key["KeyId"])["Aliases"]:
                    yield metadata["Arn"]

    def _has_alias(self) -> bool:
        pages = self._kms.get_paginator("list_aliases").paginate(KeyId=self._arn)
        return any(alias["AliasName"] == self.name for page in pages for alias in page["Aliases"])

    def _describe(self, key: str) -> Any:
        return self._kms.describe_key(KeyId=key)["KeyMetadata"]

    def _state(self, key: str) -> str:
        return str(self._describe(key)["KeyState"])

    def _enable(self, key: str) -> None:
        if self._state(key) in _DELETED_LATER:
            self._kms.cancel_key_deletion(KeyId=key)
        self._kms.enable_key(KeyId=key)

    def _policy_of(self, key: str) -> Any:
        return json.loads(self._kms.get_key_policy(KeyId=key)["Policy"])

    def _tags_of(self, key: str) -> dict[str, str]:
        pages = self._kms.get_paginator("list_resource_tags").paginate(KeyId=key)
        return {tag["TagKey"]: tag["TagValue"] for page in pages for tag in page["Tags"]}
