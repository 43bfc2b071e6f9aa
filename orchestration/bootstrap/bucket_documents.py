"""What the state's bucket is set to, as S3 takes it."""

from typing import Any

from shared.iam import Statement
from shared.wildcards import Conditions

EVERYONE = {"AWS": "*"}
KEPT_DAYS = 90
UNFINISHED_DAYS = 7
# Ours, and those that Pulumi makes of its own accord.
BACKUPS = ("backups/", ".pulumi/backups/")


def policy(bucket_arn: str, key_arn: str) -> dict[str, Any]:
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


def lifecycle() -> list[dict[str, Any]]:
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


def encryption(key_arn: str) -> dict[str, Any]:
    """With the key, which is asked once for many objects, as each question costs."""
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}
    return {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}


def public_access() -> dict[str, bool]:
    """None, by whatever way it would be given."""
    ways = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return dict.fromkeys(ways, True)
