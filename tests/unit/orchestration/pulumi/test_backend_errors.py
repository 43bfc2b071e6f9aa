import pytest

from orchestration.environments import find
from orchestration.pulumi import errors

# As the CLI says it, shortened in the middle.
NO_BUCKET = """error: error listing stacks: could not list bucket: blob (code=NotFound): operation error S3:
 ListObjectsV2, https response error StatusCode: 404, NoSuchBucket: The specified bucket does not exist"""
NO_KEY = """error: could not create secrets manager for new stack: secrets (code=NotFound): operation error
 KMS: Encrypt, https response error StatusCode: 400, NotFoundException: Key alias/x not found"""
DELETED_KEY = """error: could not deserialize deployment: constructing secrets manager of type "cloud":
 secrets (code=FailedPrecondition): operation error KMS: Decrypt, https response error StatusCode: 400,
 KMSInvalidStateException: arn:aws:kms:us-east-1:111111111111:key/5f4e is pending deletion."""
NO_CREDENTIALS = """error: read ".pulumi/meta.yaml": blob (key ".pulumi/meta.yaml") (code=Unknown): operation
 error S3: GetObject, get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role"""
WRONG_CREDENTIALS = """error: read ".pulumi/meta.yaml": blob (code=Unknown): operation error S3: GetObject,
 api error InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records."""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (NO_BUCKET, "There is no bucket for the state of 'dev'. Make it: invoke bootstrap --env dev"),
        (NO_KEY, "The key of the secrets of 'dev' is not there, or is disabled. Put it right: invoke boot"),
        (DELETED_KEY, "The key of the secrets of 'dev' is not there, or is disabled."),
        (NO_CREDENTIALS, "There are no valid AWS credentials for 'dev'. Set AWS_PROFILE, or log in with"),
        (WRONG_CREDENTIALS, "There are no valid AWS credentials for 'dev'."),
    ],
)
def test_a_state_that_cannot_be_reached_says_what_to_do(text: str, said: str) -> None:
    assert str(errors.known(text, find("dev"))).startswith(said)


def test_something_else_is_left_to_others() -> None:
    assert errors.known("error: update failed: NotFoundException: no such queue", find("dev")) is None
