"""Permissions for code signing: upload packages, have them signed, and let functions verify the signatures.

AWS Signer and Lambda read and write packages with the permissions of their caller:
https://docs.aws.amazon.com/signer/latest/developerguide/gs-iam.html. The permissions on the packages are in
state_statements.py, because the bucket of Pulumi's state holds them.
"""

from shared.arns import Arns
from shared.iam import Statement
from shared.permissions import Arn
from shared.projects import Project
from stacks.foundation.deploy_roles.provider_actions import find_actions

_JOB = "signer/signingJob:SigningJob"
_CONFIG_ACTIONS = ("lambda:GetCodeSigningConfig", "lambda:PutFunctionCodeSigningConfig")
_FUNCTION_ACTIONS = ("lambda:DeleteFunctionCodeSigningConfig", "lambda:PutFunctionCodeSigningConfig")


def deploy_statements(project: Project, arns: Arns, profile: Arn, config: Arn) -> list[Statement]:
    """Sign with the profile, and set the configuration on the functions of a layer."""
    return [
        Statement(sid="SignPackages", actions=find_actions([_JOB], "create"), resources=[profile]),
        *read_statements(arns),
        *_verification_statements(project, arns, config),
    ]


def deploy_boundary_statements(project: Project, arns: Arns, config: Arn) -> list[Statement]:
    """The same permissions for a boundary, with one pattern for profiles and jobs."""
    return [
        Statement(
            sid="SignPackages",
            actions=find_actions([_JOB], "create", "read"),
            resources=[arns.regional("signer", "/signing-*")],
        ),
        *_verification_statements(project, arns, config),
    ]


def read_statements(arns: Arns) -> list[Statement]:
    """Read signing jobs."""
    return [
        Statement(
            sid="LookAtSigningJobs", actions=find_actions([_JOB], "read"), resources=[arns.signing_jobs]
        )
    ]


def _verification_statements(project: Project, arns: Arns, config: Arn) -> list[Statement]:
    functions = [arns.function(name) for name in project.functions]
    return [
        Statement(sid="TrustSigner", actions=_CONFIG_ACTIONS, resources=[config]),
        Statement(sid="VerifyPackages", actions=_FUNCTION_ACTIONS, resources=functions),
    ]
