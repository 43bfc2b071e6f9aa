"""What a cloud environment refuses before anything is asked of its stacks: a tree that others cannot see,
and an AWS account other than the settings name.
"""

from collections.abc import Callable
from typing import Protocol

import boto3

from orchestration.environments import Environment
from terminal.aws_errors import told_to_users
from terminal.errors import UserError

AccountOf = Callable[[], str]


class Tree(Protocol):
    """What this needs of git."""

    def is_dirty(self) -> bool: ...
    def is_unpushed(self) -> bool: ...
    def has(self, commit: str) -> bool: ...
    def contains(self, commit: str) -> bool: ...


def check_tree(environment: Environment, tree: Tree, *, override: str = "") -> str:
    """Refuse a tree that nobody else could deploy again; returns what to record of `override`.

    `override` is the reason why it may be so this once. Nothing is refused for `local`.
    """
    reason = " ".join(override.split())
    if environment.is_local:
        return reason
    faults = [word for word, found in (("dirty", tree.is_dirty()), ("unpushed", tree.is_unpushed())) if found]
    if not faults:
        return reason
    if not reason:
        what = {
            "dirty": "has changes that are not committed",
            "unpushed": "is at a commit that is on no remote branch",
        }
        raise UserError(
            f"The tree {' and '.join(what[fault] for fault in faults)}: nobody could deploy it to"
            f" '{environment.name}' again, or roll back to it.",
            'Commit and push first, or say why not: --override "REASON" (recorded in the history).',
        )
    return f"{' and '.join(faults)}: {reason}"


def check_not_behind(layer: str, commit: str, tree: Tree, *, override: str = "") -> None:
    """Refuse a tree that lacks the `commit` which the layer was deployed from."""
    if not commit or override.strip() or (tree.has(commit) and tree.contains(commit)):
        return
    raise UserError(
        f"{layer} was deployed from commit {commit[:7]}, which this tree does not have: deploying would undo"
        " it.",
        'Pull it first; to go back on purpose: invoke rollback, or --override "REASON".',
    )


def check_account(environment: Environment, wanted: str, account_of: AccountOf) -> None:
    """Refuse credentials of an AWS account other than `wanted`, the one that the settings name."""
    found = account_of()
    if found != wanted:
        raise UserError(
            f"These credentials are for the AWS account {found}, and '{environment.name}' is {wanted}.",
            "Choose the right profile (AWS_PROFILE), or correct aws:allowedAccountIds in the settings.",
        )


def account_of_caller(region: str) -> str:
    """The AWS account that the user's credentials belong to. Raises UserError where there are none."""
    with told_to_users():
        # A session of its own: the default one would keep the credentials of its first use.
        return boto3.Session(region_name=region).client("sts").get_caller_identity()["Account"]
