"""View of a rollback: its versions, the commits that it reverts and restores, and the next steps."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from orchestration.environments import Environment
from orchestration.git import Commit, Git, shorten_commit
from orchestration.planning import layer_paths
from orchestration.pulumi.results import OperationResult
from orchestration.rollback.targets import RollbackMove
from orchestration.status.history import Update
from terminal.command_line import command_line
from terminal.output import console, print_json, print_message


@dataclass(frozen=True)
class CommitRange:
    """Commits of a layer between two versions, newest first. `is_known` is False if the clone lacks them."""

    reverted: Sequence[Commit] = ()
    restored: Sequence[Commit] = ()
    is_known: bool = True

    @classmethod
    def from_move(cls, move: RollbackMove, git: Git, environment: Environment) -> "CommitRange":
        """Read the commits that change files of the layer."""
        target, current = move.target.commit, move.current.commit
        if not current or not git.has_commit(current):
            return cls(is_known=False)
        patterns = layer_paths.path_patterns(move.layer, environment.name)
        return cls(git.list_commits(target, current, patterns), git.list_commits(current, target, patterns))


def print_move(
    move: RollbackMove, commits: CommitRange, git: Git, environment: Environment, output: Console = console
) -> None:
    """Print the versions of a rollback, and the commits that it reverts and restores."""
    output.print(Text(f"Roll back {move.layer.name} in '{environment.name}'", style="bold"))
    for label, update in (("from", move.current), ("to", move.target)):
        output.print(Text(f"  {label:<4} version {update.version}: {_describe_update(update, git)}"))
    if move.current.dirty:
        output.print(Text("  Uncommitted changes are reverted, too.", style="bold yellow"))
    if not commits.is_known:
        output.print(Text("  This clone lacks the commits in between.", style="yellow"))
    for label, style, listed in (
        ("reverted", "red", commits.reverted),
        ("restored", "green", commits.restored),
    ):
        for commit in listed:
            output.print(Text.assemble("  ", (f"{label}:", style), f" {commit.short} {commit.subject}"))


def print_result(move: RollbackMove, commits: CommitRange, plan: OperationResult, *, version: int) -> None:
    """Print the result as JSON. `version` is the new version, 0 if nothing was changed."""
    print_json(
        {
            "layer": move.layer.name,
            "from": _version_to_json(move.current),
            "to": _version_to_json(move.target),
            "undone": [asdict(commit) for commit in commits.reverted],
            "brought_back": [asdict(commit) for commit in commits.restored],
            "changes": msgspec.to_builtins(plan.changes),
            "resources": msgspec.to_builtins(plan.steps),
            "version": version or None,
        }
    )


def print_next_steps(
    move: RollbackMove, commits: CommitRange, environment: Environment, *, version: int
) -> None:
    """Print that the rollback is done, and the command that reverts it."""
    name = move.layer.name
    print_message(
        f"{name} has the code and settings of version {move.target.version} again, as version {version}."
        " A new preview finds no change."
    )
    if commits.reverted:
        print_message("The next deployment restores the reverted commits, unless you revert them in git.")
    if not move.current.not_restorable_because:
        command = command_line("rollback", env=environment.name, layer=name, to=move.current.version)
        print_message(f"To revert the rollback: {command}")


def _describe_update(update: Update, git: Git) -> str:
    time = update.started.strftime("%Y-%m-%d %H:%M UTC")
    by = f" by {update.message.by}" if update.message.by else ""
    if not update.commit:
        return f"no commit ({time}{by})"
    subject = f" {git.subject(update.commit)}" if git.has_commit(update.commit) else ""
    return f"{shorten_commit(update.commit)}{'*' if update.dirty else ''}{subject} ({time}{by})"


def _version_to_json(update: Update) -> dict[str, Any]:
    return {"version": update.version, "commit": update.commit, "dirty": update.dirty}
