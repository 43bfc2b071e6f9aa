"""The bucket of Pulumi's state: versioned, encrypted, private.

Its name can be guessed, and a bucket's name is the whole world's: every call says whose it has to be.
"""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestration.bootstrap.resource import Part, Setting
from orchestration.bootstrap.state_key import StateKey
from shared.arns import Arns
from shared.policy_equality import canonical_policy
from terminal.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


from shared.iam import Statement
from shared.wildcards import Conditions

EVERYONE = {"AWS": "*"}
KEPT_DAYS = 90
UNFINISHED_DAYS = 7
# Ours, and those that Pulumi makes of its own accord.
BACKUPS = ("backups/", ".pulumi/backups/")


def bucket_policy(bucket_arn: str, key_arn: str) -> dict[str, Any]:
    """Denies what would leave the state readable: connections without TLS, and any other encryption.

    Who writes without saying how it is to be encrypted gets the bucket's own: those keys are not in the
    request then, which a condition with Null asks first. Who says KMS and names no key gets one of AWS's own.
    """
    encryption, key, own_key = (
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
    wrong: dict[str, Conditions] = {
        "DenyOtherEncryption": {
            "Null": {encryption: "false"},
            "StringNotEquals": {encryption: "aws:kms"},
        },
        "DenyOtherKeys": {"Null": {key: "false"}, "StringNotEquals": {key: key_arn}},
        "DenyUnnamedKey": {"Null": {encryption: "false", key: "true"}},
        "DenyKeysOfSenders": {"Null": {own_key: "false"}},
    }
    statements = [
        without_tls,
        *(_deny_to_write(sid, bucket_arn, conditions) for sid, conditions in wrong.items()),
    ]
    return {"Version": "2012-10-17", "Statement": [statement.as_document() for statement in statements]}


def _deny_to_write(sid: str, bucket_arn: str, conditions: Conditions) -> Statement:
    return Statement(
        sid=sid,
        effect="Deny",
        principal=EVERYONE,
        actions=["s3:PutObject"],
        resources=[f"{bucket_arn}/*"],
        conditions=conditions,
    )


def lifecycle_rules() -> list[dict[str, Any]]:
    """What is not current state is kept for a while, what was never finished for a week."""
    old = {
        "ID": "old-versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": KEPT_DAYS},
        "Expiration": {"ExpiredObjectDeleteMarker": True},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UNFINISHED_DAYS},
    }
    backups = [
        {
            "ID": f"old {prefix}",
            "Status": "Enabled",
            "Filter": {"Prefix": prefix},
            "Expiration": {"Days": KEPT_DAYS},
        }
        for prefix in BACKUPS
    ]
    return [old, *backups]


def default_encryption(key_arn: str) -> dict[str, Any]:
    """With the key, which is asked once for many objects, as each question costs."""
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}
    return {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}


def public_access_block() -> dict[str, bool]:
    """None, by whatever way it would be given."""
    ways = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return dict.fromkeys(ways, True)


# The one region that must not be named when a bucket is made there.
_UNNAMED_REGION = "us-east-1"
_OWNERSHIP: Any = "BucketOwnerEnforced"
_NOT_SET = (
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchTagSet",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
)


class StateBucket(Part):
    """Encrypted with `key`, which must be made before it."""

    kind = "bucket"

    def __init__(self, s3: "S3Client", arns: Arns, key: StateKey, tags: dict[str, str]) -> None:
        self.name = arns.names.state_bucket(arns.account_id, arns.region)
        self._s3 = s3
        self._region = arns.region
        self._arn = f"arn:{arns.partition}:s3:::{self.name}"
        self._key = key
        self._tags = tags
        self._ours: Any = {"Bucket": self.name, "ExpectedBucketOwner": arns.account_id}

    def is_there(self) -> bool:
        try:
            self._s3.head_bucket(**self._ours)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 404:  # noqa: PLR2004
                return False
            if status == 403:  # noqa: PLR2004
                raise self._not_ours() from error
            raise
        return True

    def make(self) -> None:
        where: Any = {}
        if self._region != _UNNAMED_REGION:
            where = {"CreateBucketConfiguration": {"LocationConstraint": self._region}}
        try:
            self._s3.create_bucket(Bucket=self.name, ObjectOwnership=_OWNERSHIP, **where)
        except self._s3.exceptions.BucketAlreadyOwnedByYou:
            return
        except self._s3.exceptions.BucketAlreadyExists as error:
            raise self._not_ours() from error
        self._s3.get_waiter("bucket_exists").wait(**self._ours)

    def settings(self) -> Sequence[Setting]:
        s3, ours = self._s3, self._ours
        encryption: Any = default_encryption(self._key.arn)
        policy = bucket_policy(self._arn, self._key.arn)
        public_access: Any = public_access_block()
        ownership: Any = {"Rules": [{"ObjectOwnership": _OWNERSHIP}]}
        return [
            Setting(
                "public access",
                lambda: (
                    _set(s3.get_public_access_block, ours).get("PublicAccessBlockConfiguration")
                    == public_access
                ),
                lambda: s3.put_public_access_block(PublicAccessBlockConfiguration=public_access, **ours),
            ),
            Setting(
                "ownership",
                lambda: [rule["ObjectOwnership"] for rule in self._ownership()] == [_OWNERSHIP],
                lambda: s3.put_bucket_ownership_controls(OwnershipControls=ownership, **ours),
            ),
            Setting(
                "encryption",
                lambda: _holds(self._encryption(), encryption),
                lambda: s3.put_bucket_encryption(
                    ServerSideEncryptionConfiguration={"Rules": [encryption]}, **ours
                ),
            ),
            Setting(
                "versioning",
                lambda: s3.get_bucket_versioning(**ours).get("Status") == "Enabled",
                lambda: s3.put_bucket_versioning(VersioningConfiguration={"Status": "Enabled"}, **ours),
            ),
            Setting(
                "policy",
                lambda: canonical_policy(self._policy()) == canonical_policy(policy),
                lambda: s3.put_bucket_policy(Policy=json.dumps(policy), **ours),
            ),
            Setting("lifecycle", lambda: not self._missing_rules(), self._put_lifecycle),
            Setting("tags", lambda: self._tags_found().items() >= self._tags.items(), self._put_tags),
        ]

    def _not_ours(self) -> UserError:
        return UserError(
            f"The bucket {self.name} belongs to another AWS account, or these credentials may not see it.",
            "Set nameSuffix for another name, or PULUMI_BACKEND_URL to keep the state elsewhere.",
        )

    def _ownership(self) -> list[Any]:
        found = _set(self._s3.get_bucket_ownership_controls, self._ours)
        return list(found.get("OwnershipControls", {}).get("Rules", []))

    def _encryption(self) -> Any:
        found = _set(self._s3.get_bucket_encryption, self._ours)
        rules = found.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        return rules[0] if rules else {}

    def _policy(self) -> Any:
        return json.loads(_set(self._s3.get_bucket_policy, self._ours).get("Policy", "{}"))

    def _rules(self) -> list[Any]:
        return list(_set(self._s3.get_bucket_lifecycle_configuration, self._ours).get("Rules", []))

    def _missing_rules(self) -> list[Any]:
        found = self._rules()
        return [wanted for wanted in lifecycle_rules() if not any(_holds(rule, wanted) for rule in found)]

    def _put_lifecycle(self) -> None:
        """Rules that others added stay: S3 takes all at once."""
        wanted: Any = lifecycle_rules()
        ids = {rule["ID"] for rule in wanted}
        others = [rule for rule in self._rules() if rule.get("ID") not in ids]
        self._s3.put_bucket_lifecycle_configuration(
            LifecycleConfiguration={"Rules": [*wanted, *others]}, **self._ours
        )

    def _tags_found(self) -> dict[str, str]:
        return {
            tag["Key"]: tag["Value"]
            for tag in _set(self._s3.get_bucket_tagging, self._ours).get("TagSet", [])
        }

    def _put_tags(self) -> None:
        """Tags that others added stay, too."""
        tags = {**self._tags_found(), **self._tags}
        tag_set: Any = [{"Key": name, "Value": value} for name, value in tags.items()]
        self._s3.put_bucket_tagging(Tagging={"TagSet": tag_set}, **self._ours)


def _set(get: Callable[..., Any], ours: Any) -> Any:
    """What S3 answers, or nothing where it was never set, which S3 calls an error."""
    try:
        return get(**ours)
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOT_SET:
            return {}
        raise


def _holds(found: Any, wanted: Any) -> bool:
    """Whether `found` says all that `wanted` does: S3 adds defaults to what it was given."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_holds(found.get(key), value) for key, value in wanted.items())
    return bool(found == wanted)
