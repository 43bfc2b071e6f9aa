"""The signed package of a function. AWS Signer reads a package from S3 and writes the signed copy there.

Packages are in the bucket of Pulumi's state: it is versioned, as AWS Signer requires, encrypted with a
customer-managed key and private, and a deploy role has a part of it. See ADR 38.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from shared.arns import Arns
from shared.contracts import ContractError
from shared.names import PACKAGES
from shared.packaging import code_hash_hex
from shared.projects import FOUNDATION


@dataclass(frozen=True, kw_only=True)
class SignedPackageArgs:
    """`profile_name`: the signing profile, an output of foundation."""

    function_name: str
    archive: Path
    arns: Arns
    profile_name: pulumi.Input[str]


class SignedPackage(pulumi.ComponentResource):
    """The signed copy of a package: `key` in `bucket`. Other content is another package and another job.

    A failed job fails the deployment. A job cannot be deleted.
    """

    def __init__(
        self, name: str, args: SignedPackageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:shared:SignedPackage", name, None, opts)
        self.bucket = args.arns.names.state_bucket(args.arns.account_id, args.arns.region)
        # The name of the project, by which the permissions of the layer's deploy role are limited.
        folder = f"{PACKAGES}/{pulumi.get_project()}/{args.function_name}"
        package = aws.s3.BucketObjectv2(
            f"{name}-package",
            bucket=self.bucket,
            key=f"{folder}/{code_hash_hex(args.archive)}.zip",
            source=pulumi.FileAsset(str(args.archive)),
            # A deploy role may not delete the versions of an object.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        job = aws.signer.SigningJob(
            f"{name}-signature",
            profile_name=require_code_signing(args.profile_name),
            source={"s3": {"bucket": self.bucket, "key": package.key, "version": package.version_id}},
            destination={"s3": {"bucket": self.bucket, "prefix": f"{folder}/signed/"}},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.key = job.signed_objects.apply(_find_key)
        self.register_outputs({})


def require_code_signing(output: pulumi.Input[str]) -> pulumi.Output[str]:
    """An output of foundation. The Output fails with ContractError if it is empty: without code signing."""

    def check(value: str) -> str:
        if not value:
            raise ContractError(
                f"{FOUNDATION.name} signs no code. Deploy it with the setting codeSigning first"
            )
        return value

    return pulumi.Output.from_input(output).apply(check)


def _find_key(signed_objects: Sequence[aws.signer.outputs.SigningJobSignedObject]) -> str:
    (signed_object,) = signed_objects
    (location,) = signed_object.s3s or ()
    return str(location.key)
