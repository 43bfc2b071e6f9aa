"""The bucket policy as the policy evaluation of the emulator applies it."""

from typing import Any

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy

from orchestration.bootstrap import state_bucket

ACCOUNT = "111111111111"
BUCKET = "arn:aws:s3:::state"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/ours"
ENCRYPTION = "s3:x-amz-server-side-encryption"
KEY_ID = "s3:x-amz-server-side-encryption-aws-kms-key-id"
CUSTOMER_ALGORITHM = "s3:x-amz-server-side-encryption-customer-algorithm"


def is_denied(**headers: str) -> bool:
    """Whether the policy denies an upload with these condition keys of S3."""
    context = EvalContext(
        principal_arn=f"arn:aws:iam::{ACCOUNT}:role/deployer",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action="s3:PutObject",
        resource_arn=f"{BUCKET}/.pulumi/stacks/fraud-data/prod.json",
        region="us-east-1",
        secure_transport=True,
        service_context=dict(headers),
    )
    policy: dict[str, Any] = state_bucket.bucket_policy(BUCKET, KEY)
    return bool(evaluate_resource_policy(policy, context).decision == "Deny")


@pytest.mark.parametrize("headers", [{}, {ENCRYPTION: "aws:kms", KEY_ID: KEY}])
def test_upload_with_the_key_or_without_encryption_headers_is_allowed(
    headers: dict[str, str],
) -> None:
    assert not is_denied(**headers)


@pytest.mark.parametrize(
    "headers",
    [
        {ENCRYPTION: "AES256"},
        {ENCRYPTION: "aws:kms:dsse", KEY_ID: KEY},
        {ENCRYPTION: "aws:kms", KEY_ID: KEY.replace("ours", "theirs")},
        # S3 uses a key of AWS, not the key of the bucket.
        {ENCRYPTION: "aws:kms"},
        # Only the sender has this key.
        {CUSTOMER_ALGORITHM: "AES256"},
    ],
)
def test_upload_with_other_encryption_is_denied(headers: dict[str, str]) -> None:
    assert is_denied(**headers)
