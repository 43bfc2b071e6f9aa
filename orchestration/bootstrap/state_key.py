"""The KMS key of the state bucket and of the secrets in states. IAM policies grant its use."""

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestration.bootstrap.resource import Resource, Setting
from shared.arns import Arns
from shared.iam import Statement
from shared.policy_equality import canonical_policy
from stacks.foundation.key_statements import administration_statement

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

# The minimum of AWS. The key was never used.
_LOST_RACE_DAYS = 7
_ENABLED_STATE = "Enabled"
_PENDING_DELETION_STATES = ("PendingDeletion", "PendingReplicaDeletion")


class StateKey(Resource):
    """The key with the alias. A key with `tags` and without an alias remains from an interrupted run."""

    kind = "key"

    def __init__(self, kms: "KMSClient", arns: Arns, tags: dict[str, str]) -> None:
        self.name = arns.names.state_key_alias
        self._kms = kms
        self._arns = arns
        self._tags = tags
        self._arn = ""

    @property
    def arn(self) -> str:
        """The ARN; empty before `exists` or `create`."""
        return self._arn

    def exists(self) -> bool:
        # A new alias is eventually consistent. The ARN of a new key is consistent.
        try:
            self._arn = self._describe_key(self._arn or self.name)["Arn"]
        except self._kms.exceptions.NotFoundException:
            return False
        return self._has_alias()

    def create(self) -> None:
        arn = next(self._find_unfinished_keys(), None) or self._create_key()
        try:
            self._kms.create_alias(AliasName=self.name, TargetKeyId=arn)
        except self._kms.exceptions.AlreadyExistsException:
            # Another process created the alias in the meantime, and its key is used.
            self._kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=_LOST_RACE_DAYS)
            arn = self._describe_key(self.name)["Arn"]
        self._arn = arn

    def settings(self) -> Sequence[Setting]:
        key = self._arn
        return [
            Setting("state", lambda: self._read_state(key) == _ENABLED_STATE, lambda: self._enable_key(key)),
            Setting(
                "rotation",
                lambda: self._kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"],
                lambda: self._kms.enable_key_rotation(KeyId=key),
            ),
            Setting(
                "policy",
                lambda: canonical_policy(self._read_policy(key)) == canonical_policy(self.policy),
                lambda: self._kms.put_key_policy(KeyId=key, Policy=json.dumps(self.policy)),
            ),
            Setting(
                "tags",
                lambda: self._read_tags(key).items() >= self._tags.items(),
                lambda: self._kms.tag_resource(KeyId=key, Tags=self._tag_list),
            ),
        ]

    @cached_property
    def policy(self) -> dict[str, Any]:
        """The key policy, which delegates administration and use to IAM policies."""
        root = {"AWS": self._arns.account_root}
        use = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")
        statements = [administration_statement(self._arns), Statement(sid="Use", actions=use, principal=root)]
        documents = [{**statement.as_document(), "Resource": "*"} for statement in statements]
        return {"Version": "2012-10-17", "Statement": documents}

    @property
    def _tag_list(self) -> Any:
        return [{"TagKey": name, "TagValue": value} for name, value in self._tags.items()]

    def _create_key(self) -> str:
        response = self._kms.create_key(
            Description="Pulumi's state and the secrets in it",
            Policy=json.dumps(self.policy),
            Tags=self._tag_list,
        )
        return response["KeyMetadata"]["Arn"]

    def _find_unfinished_keys(self) -> Iterator[str]:
        for page in self._kms.get_paginator("list_keys").paginate():
            for key in page["Keys"]:
                try:
                    metadata = self._describe_key(key["KeyId"])
                    is_candidate = (
                        metadata["KeyManager"] == "CUSTOMER"
                        and metadata["KeyState"] == _ENABLED_STATE
                        and self._read_tags(key["KeyId"]).items() >= self._tags.items()
                    )
                except ClientError:
                    continue  # The credentials may not allow access to other keys.
                if is_candidate and not self._kms.list_aliases(KeyId=key["KeyId"])["Aliases"]:
                    yield metadata["Arn"]

    def _has_alias(self) -> bool:
        pages = self._kms.get_paginator("list_aliases").paginate(KeyId=self._arn)
        return any(alias["AliasName"] == self.name for page in pages for alias in page["Aliases"])

    def _describe_key(self, key: str) -> Any:
        return self._kms.describe_key(KeyId=key)["KeyMetadata"]

    def _read_state(self, key: str) -> str:
        return str(self._describe_key(key)["KeyState"])

    def _enable_key(self, key: str) -> None:
        if self._read_state(key) in _PENDING_DELETION_STATES:
            self._kms.cancel_key_deletion(KeyId=key)
        self._kms.enable_key(KeyId=key)

    def _read_policy(self, key: str) -> Any:
        return json.loads(self._kms.get_key_policy(KeyId=key)["Policy"])

    def _read_tags(self, key: str) -> dict[str, str]:
        pages = self._kms.get_paginator("list_resource_tags").paginate(KeyId=key)
        return {tag["TagKey"]: tag["TagValue"] for page in pages for tag in page["Tags"]}
