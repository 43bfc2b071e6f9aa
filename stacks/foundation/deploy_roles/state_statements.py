"""Permissions of the deploy roles for Pulumi's state, in the bucket that `invoke bootstrap` creates.

The paths are those of Pulumi's file and bucket backend, of the state backups that orchestration writes, and
of the packages that a layer with code signing uploads.
"""

from collections.abc import Sequence

from shared.arns import Arns
from shared.iam import Statement
from shared.names import PACKAGES
from shared.projects import PROJECTS, Project

# The state files of a project.
_STATE_PATH = "/.pulumi/stacks/{}/*"
# The files of a project: state, history, locks and Pulumi's backups; and orchestration's state backups.
_OWN_PATHS = ("/.pulumi/*/{}/*", "/backups/{}/*")
# A shorter pattern for the same files, because the size of a boundary is limited.
_OWN_BOUNDARY_PATHS = ("/*/{}/*",)
_ANY_STATE = "/.pulumi/stacks/*"
_ANY_FILE = "/.pulumi/*"
_META = "/.pulumi/meta.yaml"
_PACKAGES = f"/{PACKAGES}/"
_FILE_ACTIONS = ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")
# AWS Signer reads a version of a package. Packages have tags.
_PACKAGE_ACTIONS = ("s3:GetObjectTagging", "s3:GetObjectVersion", "s3:PutObjectTagging")


def deploy_statements(project: Project, arns: Arns, *, packages: bool = False) -> list[Statement]:
    """Write the state of the layer's own stack; read the state of its upstream and downstream layers.

    `packages`: write its packages, too.
    """
    neighbours = [
        _STATE_PATH.format(neighbour.name)
        for neighbour in PROJECTS
        if neighbour.layer in project.depends_on or project.layer in neighbour.depends_on
    ]
    own_paths = (*_OWN_PATHS, f"{_PACKAGES}{{}}/*") if packages else _OWN_PATHS
    return _deploy_state_statements(project, arns, own_paths, [_META, *neighbours], packages=packages)


def deploy_boundary_statements(project: Project, arns: Arns, *, packages: bool = False) -> list[Statement]:
    """The same permissions for a boundary, with patterns that further layers do not enlarge."""
    return _deploy_state_statements(project, arns, _OWN_BOUNDARY_PATHS, [_ANY_FILE], packages=packages)


def read_statements(arns: Arns, *, packages: bool = False) -> list[Statement]:
    """Read the state, the history and the locks of every stack. `packages`: read the packages, too."""
    paths = [_META, _ANY_STATE, "/.pulumi/history/*", "/.pulumi/locks/*"]
    any_package = [arns.state(f"{_PACKAGES}*")]
    statements = [*_read_state_statements(arns, paths), _state_key_statement(arns, ["kms:Decrypt"])]
    if packages:
        actions = ["s3:GetObject", "s3:GetObjectTagging"]
        statements.append(Statement(sid="ReadPackages", actions=actions, resources=any_package))
    return statements


def _deploy_state_statements(
    project: Project, arns: Arns, own_paths: Sequence[str], read_paths: Sequence[str], *, packages: bool
) -> list[Statement]:
    return [
        *_read_state_statements(arns, read_paths),
        Statement(
            sid="KeepState",
            actions=[*_FILE_ACTIONS, *_PACKAGE_ACTIONS] if packages else _FILE_ACTIONS,
            resources=[arns.state(path.format(project.name)) for path in own_paths],
        ),
        _state_key_statement(arns, ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]),
    ]


def _read_state_statements(arns: Arns, paths: Sequence[str]) -> list[Statement]:
    files = [arns.state(path) for path in paths]
    return [
        # Without ListBucket, S3 answers 403 instead of 404 for a missing file.
        Statement(sid="ListState", actions=["s3:ListBucket"], resources=[arns.state()]),
        Statement(sid="ReadState", actions=["s3:GetObject"], resources=files),
    ]


def _state_key_statement(arns: Arns, actions: Sequence[str]) -> Statement:
    # Bootstrap creates the key, so its ID is unknown here.
    return Statement(
        sid="UseStateKey",
        actions=actions,
        resources=[arns.regional("kms", "key/*")],
        conditions=_alias_condition(arns),
    )


def _alias_condition(arns: Arns) -> dict[str, dict[str, str]]:
    return {"ForAnyValue:StringEquals": {"kms:ResourceAliases": arns.names.state_key_alias}}
