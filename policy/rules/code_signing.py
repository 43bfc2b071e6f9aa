"""Rules for signed packages, which an environment has if its settings ask for them."""

from policy.resource import Resource
from policy.rule import rule

CONFIG = "aws:lambda/codeSigningConfig:CodeSigningConfig"
FUNCTION = "aws:lambda/function:Function"
JOB = "aws:signer/signingJob:SigningJob"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"

GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg"


@rule(
    "signing-enforced",
    CONFIG,
    title="A code signing configuration refuses packages without a valid signature",
    reason="With the default, Lambda only warns of a missing signature, and runs the package.",
    remedy='Set policies.untrustedArtifactOnDeployment to "Enforce".',
    link=f"{GUIDE}/configuration-codesigning.html",
)
def refuses_unsigned_packages(config: Resource) -> bool:
    return bool(config["policies.untrustedArtifactOnDeployment"] == "Enforce")


@rule(
    "signing-verified",
    FUNCTION,
    title="A function whose package is in a bucket verifies the signature of the package",
    reason="Whoever may write to the bucket could otherwise change the code.",
    remedy="Set codeSigningConfigArn, or code instead of s3Bucket.",
    link=f"{GUIDE}/configuration-codesigning.html",
)
def verifies_package(function: Resource) -> bool:
    return not function["s3Bucket"] or bool(function["codeSigningConfigArn"])


@rule(
    "signing-failure-stops",
    JOB,
    title="A failed signing job stops the deployment",
    reason="If the failure is ignored, the deployment succeeds, but the function keeps its old code.",
    remedy="Remove ignoreSigningJobFailure.",
    link="https://www.pulumi.com/registry/packages/aws/api-docs/signer/signingjob/",
)
def stops_on_failure(job: Resource) -> bool:
    return not job["ignoreSigningJobFailure"]


@rule(
    "s3-object-private",
    OBJECT,
    title="An object has neither an ACL nor an encryption of its own",
    reason="The bucket of the state decides about both: it is private, and encrypts with its key.",
    remedy="Remove acl, kmsKeyId and serverSideEncryption.",
    link="https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
)
def follows_bucket(item: Resource) -> bool:
    return not (item["acl"] or item["kmsKeyId"] or item["serverSideEncryption"])
