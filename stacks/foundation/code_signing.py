"""Code signing of the functions: who may sign a package, and what Lambda accepts.

The layers with functions upload, sign and deploy the packages: see shared/signed_package.py and ADR 38.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.names import Names

PLATFORM = "AWSLambda-SHA384-ECDSA"


@dataclass(frozen=True, kw_only=True)
class CodeSigningArgs:
    """`enabled`: the setting `codeSigning`."""

    names: Names
    enabled: bool


class CodeSigning(pulumi.ComponentResource):
    """The signing profile, and the configuration with which functions accept its signatures only.

    Without the setting, there are no resources, and every output is empty.
    """

    def __init__(self, name: str, args: CodeSigningArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:foundation:CodeSigning", name, None, opts)
        self.enabled = args.enabled
        self._child_options = pulumi.ResourceOptions(parent=self)
        self.profile_name: pulumi.Input[str] = ""
        self.profile_arn: pulumi.Input[str] = ""
        self.config_arn: pulumi.Input[str] = ""
        if args.enabled:
            profile = self._make_profile(args.names)
            self.profile_name, self.profile_arn = profile.name, profile.arn
            self.config_arn = self._make_config(profile).arn
        self.register_outputs({})

    def _make_profile(self, names: Names) -> aws.signer.SigningProfile:
        # A prefix, because a canceled profile keeps its name, and a second one cannot have it.
        return aws.signer.SigningProfile(
            "packages",
            name_prefix=names.signing_profile_prefix,
            platform_id=PLATFORM,
            opts=self._child_options,
        )

    def _make_config(self, profile: aws.signer.SigningProfile) -> aws.lambda_.CodeSigningConfig:
        return aws.lambda_.CodeSigningConfig(
            "packages",
            description="Functions of the fraud pipeline run packages of its signing profile only",
            allowed_publishers={"signing_profile_version_arns": [profile.version_arn]},
            policies={"untrusted_artifact_on_deployment": "Enforce"},
            opts=self._child_options,
        )
