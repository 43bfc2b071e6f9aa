"""The bucket of Pulumi's state: versioned, encrypted and private.

Bucket names are global and this one is predictable, so every call passes the expected owner.
"""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestration.bootstrap.resource import Resource, Setting
from orchestration.bootstrap.state_key import StateKey
from shared.arns import Arns
from shared.iam import Statement
from shared.policy_equality import canonical_policy
from shared.wildcards import Conditions
from terminal.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RETENTION_DAYS = 90
INCOMPLETE_UPLOAD_DAYS = 7
# The backups of the tasks, and those of Pulumi.
BACKUP_PREFIXES = ("backups/", ".pulumi/backups/")
EVERYONE = {"AWS": "*"}
# S3 rejects a location constraint with the name of this region.
_DEFAULT_REGION = "us-east-1"
_OWNERSHIP: Any = "BucketOwnerEnforced"
_NOT_SET_CODES = (
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchTagSet",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
)
_FORBIDDEN, _NOT_FOUND = 403, 404


def bucket_policy(bucket_arn: str, key_arn: str) -> dict[str, Any]:
    """Return the policy, which denies connections without TLS and encryption with another key.

    Requests without encryption headers are allowed, because the bucket's default encryption applies. The
    conditions with `Null` exclude them. A request for KMS without a key is denied, because S3 would use a key
    of AWS.
    """
    encryption, key, customer_key = (
        "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:x-amz-server-side-encryption-customer-algorithm",
    )
    without_tls = Statement(
        sid="DenyWithoutTls",
        effect="Deny",
        principal=EVERYONE,
        actions=["s3:*"],
        resources=[bucket_arn, f"{bucket_arn}/*"],
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )
    denied: dict[str, Conditions] = {
        "DenyOtherEncryption": {
            "Null": {encryption: "false"},
            "StringNotEquals": {encryption: "aws:kms"},
        },
        "DenyOtherKeys": {"Null": {key: "false"}, "StringNotEquals": {key: key_arn}},
        "DenyUnnamedKey": {"Null": {encryption: "false", key: "true"}},
        "DenyKeysOfSenders": {"Null": {customer_key: "false"}},
    }
    statements = [
        without_tls,
        *(_deny_writes(sid, bucket_arn, conditions) for sid, conditions in denied.items()),
    ]
    return {"Version": "2012-10-17", "Statement": [statement.as_document() for statement in statements]}


def _deny_writes(sid: str, bucket_arn: str, conditions: Conditions) -> Statement:
    return Statement(
        sid=sid,
        effect="Deny",
        principal=EVERYONE,
        actions=["s3:PutObject"],
        resources=[f"{bucket_arn}/*"],
        conditions=conditions,
    )


def lifecycle_rules() -> list[dict[str, Any]]:
    """Return the rules that expire old versions, backups and incomplete uploads."""
    versions = {
        "ID": "old-versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": RETENTION_DAYS},
        "Expiration": {"ExpiredObjectDeleteMarker": True},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": INCOMPLETE_UPLOAD_DAYS},
    }
    backups = [
        {
            "ID": f"old {prefix}",
            "Status": "Enabled",
            "Filter": {"Prefix": prefix},
            "Expiration": {"Days": RETENTION_DAYS},
        }
        for prefix in BACKUP_PREFIXES
    ]
    return [versions, *backups]


def default_encryption(key_arn: str) -> dict[str, Any]:
    """Return the encryption with the key. A bucket key reduces the number of billed requests to KMS."""
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}
    return {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}


def public_access_block() -> dict[str, bool]:
    settings = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return dict.fromkeys(settings, True)


class StateBucket(Resource):
    """The bucket, encrypted with `key`, which must exist."""

    kind = "bucket"

    def __init__(self, s3: "S3Client", arns: Arns, key: StateKey, tags: dict[str, str]) -> None:
        self.name = arns.names.state_bucket(arns.account_id, arns.region)
        self._s3 = s3
        self._region = arns.region
        self._arn = f"arn:{arns.partition}:s3:::{self.name}"
        self._key = key
        self._tags = tags
        self._bucket: Any = {"Bucket": self.name, "ExpectedBucketOwner": arns.account_id}

    def exists(self) -> bool:
        try:
            self._s3.head_bucket(**self._bucket)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == _NOT_FOUND:
                return False
            if status == _FORBIDDEN:
                raise self._foreign_bucket_error() from error
            raise
        return True

    def create(self) -> None:
        location: Any = {}
        if self._region != _DEFAULT_REGION:
            location = {"CreateBucketConfiguration": {"LocationConstraint": self._region}}
        try:
            self._s3.create_bucket(Bucket=self.name, ObjectOwnership=_OWNERSHIP, **location)
        except self._s3.exceptions.BucketAlreadyOwnedByYou:
            return
        except self._s3.exceptions.BucketAlreadyExists as error:
            raise self._foreign_bucket_error() from error
        self._s3.get_waiter("bucket_exists").wait(**self._bucket)

    def settings(self) -> Sequence[Setting]:
        s3, bucket = self._s3, self._bucket
        encryption: Any = default_encryption(self._key.arn)
        policy = bucket_policy(self._arn, self._key.arn)
        public_access: Any = public_access_block()
        ownership: Any = {"Rules": [{"ObjectOwnership": _OWNERSHIP}]}
        return [
            Setting(
                "public access",
                lambda: (
                    _get_if_set(s3.get_public_access_block, bucket).get("PublicAccessBlockConfiguration")
                    == public_access
                ),
                lambda: s3.put_public_access_block(PublicAccessBlockConfiguration=public_access, **bucket),
            ),
            Setting(
                "ownership",
                lambda: [rule["ObjectOwnership"] for rule in self._read_ownership()] == [_OWNERSHIP],
                lambda: s3.put_bucket_ownership_controls(OwnershipControls=ownership, **bucket),
            ),
            Setting(
                "encryption",
                lambda: _contains_values(self._read_encryption(), encryption),
                lambda: s3.put_bucket_encryption(
                    ServerSideEncryptionConfiguration={"Rules": [encryption]}, **bucket
                ),
            ),
            Setting(
                "versioning",
                lambda: s3.get_bucket_versioning(**bucket).get("Status") == "Enabled",
                lambda: s3.put_bucket_versioning(VersioningConfiguration={"Status": "Enabled"}, **bucket),
            ),
            Setting(
                "policy",
                lambda: canonical_policy(self._read_policy()) == canonical_policy(policy),
                lambda: s3.put_bucket_policy(Policy=json.dumps(policy), **bucket),
            ),
            Setting("lifecycle", lambda: not self._find_missing_rules(), self._put_lifecycle),
            Setting("tags", lambda: self._read_tags().items() >= self._tags.items(), self._put_tags),
        ]

    def _foreign_bucket_error(self) -> UserError:
        return UserError(
            f"The bucket {self.name} belongs to another AWS account, or the credentials allow no access.",
            "Set nameSuffix to change its name, or PULUMI_BACKEND_URL to use another backend.",
        )

    def _read_ownership(self) -> list[Any]:
        response = _get_if_set(self._s3.get_bucket_ownership_controls, self._bucket)
        return list(response.get("OwnershipControls", {}).get("Rules", []))

    def _read_encryption(self) -> Any:
        response = _get_if_set(self._s3.get_bucket_encryption, self._bucket)
        rules = response.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        return rules[0] if rules else {}

    def _read_policy(self) -> Any:
        return json.loads(_get_if_set(self._s3.get_bucket_policy, self._bucket).get("Policy", "{}"))

    def _read_rules(self) -> list[Any]:
        return list(_get_if_set(self._s3.get_bucket_lifecycle_configuration, self._bucket).get("Rules", []))

    def _find_missing_rules(self) -> list[Any]:
        actual = self._read_rules()
        return [
            rule
            for rule in lifecycle_rules()
            if not any(_contains_values(candidate, rule) for candidate in actual)
        ]

    def _put_lifecycle(self) -> None:
        """Put the rules, and the rules of others, because the call replaces all rules."""
        required: Any = lifecycle_rules()
        ids = {rule["ID"] for rule in required}
        others = [rule for rule in self._read_rules() if rule.get("ID") not in ids]
        self._s3.put_bucket_lifecycle_configuration(
            LifecycleConfiguration={"Rules": [*required, *others]}, **self._bucket
        )

    def _read_tags(self) -> dict[str, str]:
        return {
            tag["Key"]: tag["Value"]
            for tag in _get_if_set(self._s3.get_bucket_tagging, self._bucket).get("TagSet", [])
        }

    def _put_tags(self) -> None:
        """Put the tags, and the tags of others, because the call replaces all tags."""
        tags = {**self._read_tags(), **self._tags}
        tag_set: Any = [{"Key": name, "Value": value} for name, value in tags.items()]
        self._s3.put_bucket_tagging(Tagging={"TagSet": tag_set}, **self._bucket)


def _get_if_set(get: Callable[..., Any], bucket: Any) -> Any:
    """Return the response of S3; empty for a setting that was never set, for which S3 returns an error."""
    try:
        return get(**bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOT_SET_CODES:
            return {}
        raise


def _contains_values(actual: Any, required: Any) -> bool:
    """Whether `actual` contains all values of `required`. S3 adds default values."""
    if isinstance(required, dict):
        return isinstance(actual, dict) and all(
            _contains_values(actual.get(key), value) for key, value in required.items()
        )
    return bool(actual == required)
