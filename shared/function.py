"""The component of a Lambda function: log group, role with boundary, package, and the function itself.

The stack adds the event source: see `Function.allow_invocation`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from functions.common.runtime.environment import FunctionEnvironment, environment_variables
from shared import permissions, trust
from shared.arns import Arns
from shared.contracts import FoundationOutputs
from shared.iam import Statement, identity_policy
from shared.packaging import RUNTIME, build_package, code_hash, lambda_architecture
from shared.settings import FunctionSettings
from shared.signed_package import SignedPackage, SignedPackageArgs, require_code_signing

LOG_RETENTION_DAYS = 7
# The policies of the VPC endpoints do not allow account-based endpoints. This is a variable because the
# botocore in Lambda's runtime may be too old for the corresponding argument of its Config.
_SDK_VARIABLES = {"AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled"}


@dataclass(frozen=True, kw_only=True)
class FunctionArgs:
    """`function`: the folder in functions/. `statements`: the permissions beyond those of every function.

    `code_signing`: deploy a signed package, which Lambda verifies.
    """

    function: str
    description: str
    arns: Arns
    foundation: FoundationOutputs
    boundary_arn: pulumi.Input[str]
    settings: FunctionSettings
    architecture: str
    code_signing: bool
    environment: pulumi.Input[FunctionEnvironment]
    statements: Sequence[Statement]
    extra_files: Mapping[str, bytes] = field(default_factory=dict)


class Function(pulumi.ComponentResource):
    """A function in the private subnets. Nothing may invoke it until the stack allows it."""

    def __init__(self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:shared:Function", name, None, opts)
        self._name = name
        self._child_options = pulumi.ResourceOptions(parent=self)
        self.log_group = self._make_log_group(args)
        self.role, role_policy = self._make_role(args)
        self.function = self._make_function(args, [self.log_group, role_policy])
        self.arn = self.function.arn
        self.name = self.function.name
        self.invoke_arn = self.function.invoke_arn
        self.register_outputs({"arn": self.arn, "name": self.name})

    def allow_invocation(
        self, service: str, source_arn: pulumi.Input[str], purpose: str = ""
    ) -> aws.lambda_.Permission:
        """Allow a service to invoke the function on behalf of one resource. Returns the permission.

        `purpose` distinguishes further permissions of the same service.
        """
        return aws.lambda_.Permission(
            "-".join(filter(None, (self._name, service, purpose))),
            action="lambda:InvokeFunction",
            function=self.name,
            principal=f"{service}.amazonaws.com",
            source_arn=source_arn,
            opts=self._child_options,
        )

    def _make_log_group(self, args: FunctionArgs) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-logs",
            name=args.arns.names.function_log_group(args.function),
            retention_in_days=LOG_RETENTION_DAYS,
            kms_key_id=args.foundation.logs_key_arn,
            opts=self._child_options,
        )

    def _make_role(self, args: FunctionArgs) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        role = aws.iam.Role(
            f"{self._name}-role",
            name=args.arns.names.function(args.function),
            description=f"Least permissions of the function '{args.function}'",
            assume_role_policy=trust.service_trust_policy("lambda"),
            permissions_boundary=args.boundary_arn,
            opts=self._child_options,
        )
        policy = aws.iam.RolePolicy(
            f"{self._name}-permissions",
            name="permissions",
            role=role.name,
            policy=identity_policy([*self._common_statements(args), *args.statements]),
            opts=self._child_options,
        )
        return role, policy

    def _common_statements(self, args: FunctionArgs) -> list[Statement]:
        return permissions.run_function(
            args.arns,
            args.function,
            log_group=self.log_group.arn,
            key=args.foundation.function_key_arn,
            subnet_ids=args.foundation.private_subnet_ids,
            security_group_id=args.foundation.function_security_group_id,
        )

    def _make_function(
        self, args: FunctionArgs, depends_on: Sequence[pulumi.Resource]
    ) -> aws.lambda_.Function:
        settings = args.settings
        archive = build_package(args.function, architecture=args.architecture, extra_files=args.extra_files)
        return aws.lambda_.Function(
            f"{self._name}-function",
            name=args.arns.names.function(args.function),
            description=args.description,
            runtime=RUNTIME,
            architectures=[lambda_architecture(args.architecture)],
            handler=f"functions.{args.function}.handler.handle",
            **self._find_code(args, archive),
            source_code_hash=code_hash(archive),
            role=self.role.arn,
            memory_size=settings.memory_mb,
            timeout=settings.timeout_seconds,
            reserved_concurrent_executions=settings.reserved_concurrency,
            kms_key_arn=args.foundation.function_key_arn,
            environment={
                "variables": pulumi.Output.from_input(args.environment).apply(_environment_variables)
            },
            vpc_config={
                "subnet_ids": args.foundation.private_subnet_ids,
                "security_group_ids": [args.foundation.function_security_group_id],
            },
            tracing_config={"mode": "Active"},
            logging_config={
                "log_format": "JSON",
                "application_log_level": settings.log_level,
                "system_log_level": "WARN",
                "log_group": self.log_group.name,
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(depends_on)),
        )

    def _find_code(self, args: FunctionArgs, archive: Path) -> dict[str, Any]:
        """The arguments with the package: the archive itself, or its signed copy with the verification."""
        if not args.code_signing:
            return {"code": pulumi.FileArchive(str(archive))}
        signed = SignedPackage(
            self._name,
            SignedPackageArgs(
                function_name=args.arns.names.function(args.function),
                archive=archive,
                arns=args.arns,
                profile_name=args.foundation.signing_profile_name,
            ),
            self._child_options,
        )
        config_arn = require_code_signing(args.foundation.code_signing_config_arn)
        return {"s3_bucket": signed.bucket, "s3_key": signed.key, "code_signing_config_arn": config_arn}


def _environment_variables(environment: FunctionEnvironment) -> dict[str, str]:
    return {**_SDK_VARIABLES, **environment_variables(environment)}
