"""Checks before a deployment: the git tree, the account of the credentials, and the age of exchange rates."""

from collections.abc import Callable
from datetime import date, timedelta

import boto3

from functions.common.domain.exchange_rates import RATES_DATE
from orchestration.environments import Environment
from orchestration.git import Git, shorten_commit
from terminal.aws_errors import translate_aws_errors
from terminal.command_line import command_line
from terminal.errors import UserError
from terminal.output import print_message

_MAX_RATES_AGE = timedelta(days=365)


def check_tree(environment: Environment, git: Git, *, override: str = "") -> str:
    """Raise UserError if the tree is not committed and pushed. `local` accepts every tree.

    `override` is the reason to deploy such a tree. Returns the text to record in the history.
    """
    reason = " ".join(override.split())
    if environment.is_local:
        return reason
    checks = {"dirty": git.is_dirty(), "unpushed": git.is_unpushed()}
    faults = [name for name, is_faulty in checks.items() if is_faulty]
    if faults and not reason:
        descriptions = {
            "dirty": "has uncommitted changes",
            "unpushed": "is at a commit that no remote branch has",
        }
        raise UserError(
            f"The git tree {' and '.join(descriptions[fault] for fault in faults)}. Other people could not"
            f" deploy it to '{environment.name}' or roll back to it.",
            'Commit and push first, or pass --override "REASON", which is recorded in the history.',
        )
    return f"{' and '.join(faults)}: {reason}" if faults else reason


def check_not_behind(layer: str, commit: str, git: Git, *, override: str = "") -> None:
    """Raise UserError for a tree without the `commit` that the layer was deployed from."""
    if not commit or override.strip() or (git.has_commit(commit) and git.is_in_history(commit)):
        return
    raise UserError(
        f"{layer} was deployed from commit {shorten_commit(commit)}, which this tree lacks: deploying"
        " would undo it.",
        f"Pull first. To return to an older version: {command_line('rollback', layer=layer)},"
        ' or pass --override "REASON".',
    )


def check_account(environment: Environment, expected: str, read_account: Callable[[], str]) -> None:
    """Raise UserError if the credentials are for another AWS account than the settings."""
    actual = read_account()
    if actual != expected:
        raise UserError(
            f"The credentials are for the AWS account {actual}, but '{environment.name}' is {expected}.",
            "Set AWS_PROFILE to the right profile, or correct aws:allowedAccountIds in the settings.",
        )


def warn_of_old_rates(today: date) -> None:
    """Print a warning if the exchange rates of the functions are older than a year."""
    if today - date.fromisoformat(RATES_DATE) > _MAX_RATES_AGE:
        print_message(
            f"warning: The exchange rates are of {RATES_DATE}, more than a year ago."
            " To write new ones: invoke lock --upgrade, and then python -m tools.exchange_rates"
        )


def caller_account(region: str) -> str:
    """Return the AWS account of the user's credentials. Raises UserError without valid credentials."""
    with translate_aws_errors():
        # The default session would keep the credentials of its first use.
        return boto3.Session(region_name=region).client("sts").get_caller_identity()["Account"]
