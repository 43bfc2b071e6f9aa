"""Who the bucket of the state takes a file from, as IAM's rules read its policy."""

from typing import Any

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy

from orchestration.bootstrap import state_bucket

ACCOUNT = "111111111111"
BUCKET = "arn:aws:s3:::state"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/ours"
HOW = "s3:x-amz-server-side-encryption"
WITH = "s3:x-amz-server-side-encryption-aws-kms-key-id"
OWN = "s3:x-amz-server-side-encryption-customer-algorithm"


def denied(**headers: str) -> bool:
    """Whether a file is refused that is sent with these condition keys of S3."""
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


@pytest.mark.parametrize("headers", [{}, {HOW: "aws:kms", WITH: KEY}])
def test_a_file_is_taken_that_is_encrypted_with_the_key_or_leaves_it_to_the_bucket(
    headers: dict[str, str],
) -> None:
    assert not denied(**headers)


@pytest.mark.parametrize(
    "headers",
    [
        {HOW: "AES256"},
        {HOW: "aws:kms:dsse", WITH: KEY},
        {HOW: "aws:kms", WITH: KEY.replace("ours", "theirs")},
        # S3 takes a key of AWS's own then, not the bucket's.
        {HOW: "aws:kms"},
        # A key that the sender alone has: who loses it, or keeps it back, has the state.
        {OWN: "AES256"},
    ],
)
def test_a_file_is_refused_that_is_encrypted_in_any_other_way(headers: dict[str, str]) -> None:
    assert denied(**headers)
