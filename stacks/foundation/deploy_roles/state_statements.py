"""What a deploy role may do with Pulumi's state, in the bucket that `invoke bootstrap` makes.

The paths are those of Pulumi's backend for files and buckets, and of orchestration's copies of states.
"""

from collections.abc import Sequence

from shared.arns import Arns
from shared.iam import Statement
from shared.projects import PROJECTS, Project

# Pulumi's file of a stack's state, by the name of the project.
_STATE = "/.pulumi/stacks/{}/*"
# The files of one project: its state, history, locks and backups, and orchestration's copies.
_OWN = ("/.pulumi/*/{}/*", "/backups/{}/*")
# The same in less, for a boundary.
_OWN_AT_MOST = ("/*/{}/*",)
_ANY_STATE = "/.pulumi/stacks/*"
_ANYTHING = "/.pulumi/*"
_META = "/.pulumi/meta.yaml"


def deploy(project: Project, arns: Arns) -> list[Statement]:
    """Keep the state of the layer's own stack; read that of the layers which it reads or which read it."""
    neighbours = [
        _STATE.format(other.name)
        for other in PROJECTS
        if other.layer in project.depends_on or project.layer in other.depends_on
    ]
    return _deploy(project, arns, _OWN, [_META, *neighbours])


def deploy_at_most(project: Project, arns: Arns) -> list[Statement]:
    """What a boundary says of the same, in as many words for however many layers."""
    return _deploy(project, arns, _OWN_AT_MOST, [_ANYTHING])


def look(arns: Arns) -> list[Statement]:
    """Read the state and the history of every stack, and who holds it."""
    paths = [_META, _ANY_STATE, "/.pulumi/history/*", "/.pulumi/locks/*"]
    return [*_read(arns, paths), _use_key(arns, ["kms:Decrypt"])]


def _deploy(project: Project, arns: Arns, own: Sequence[str], others: Sequence[str]) -> list[Statement]:
    return [
        *_read(arns, others),
        Statement(
            sid="KeepState",
            actions=["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            resources=[arns.state(path.format(project.name)) for path in own],
        ),
        _use_key(arns, ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]),
    ]


def _read(arns: Arns, paths: Sequence[str]) -> list[Statement]:
    files = [arns.state(path) for path in paths]
    return [
        # Without it AWS does not tell a missing file from a forbidden one.
        Statement(sid="ListState", actions=["s3:ListBucket"], resources=[arns.state()]),
        Statement(sid="ReadState", actions=["s3:GetObject"], resources=files),
    ]


def _use_key(arns: Arns, actions: Sequence[str]) -> Statement:
    # Bootstrap makes the key, so that its id is not known here.
    return Statement(
        sid="UseStateKey", actions=actions, resources=[arns.of("kms", "key/*")], conditions=_by_alias(arns)
    )


def _by_alias(arns: Arns) -> dict[str, dict[str, str]]:
    return {"ForAnyValue:StringEquals": {"kms:ResourceAliases": arns.names.state_key_alias}}
