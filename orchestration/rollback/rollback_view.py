"""What a rollback shows: where it goes, which commits that undoes, and what to do afterwards."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from orchestration.environments import Environment
from orchestration.git import Commit, Git, short
from orchestration.planning import layer_paths
from orchestration.pulumi.results import Outcome
from orchestration.rollback.targets import Move
from orchestration.status.history import Update
from terminal.output import console, print_json, say


@dataclass(frozen=True)
class Commits:
    """The layer's commits between two of its versions, newest first; not `known` if this clone lacks them."""

    undone: Sequence[Commit] = ()
    back: Sequence[Commit] = ()
    known: bool = True

    @classmethod
    def between(cls, move: Move, git: Git, environment: Environment) -> "Commits":
        """Those that touch the layer's files."""
        old, new = move.target.commit, move.current.commit
        if not new or not git.has(new):
            return cls(known=False)
        paths = layer_paths.paths_of(move.layer, environment.name)
        return cls(git.commits(old, new, paths), git.commits(new, old, paths))


def announce(
    move: Move, commits: Commits, git: Git, environment: Environment, output: Console = console
) -> None:
    """Print from where to where it goes, and which commits go and come back with it."""
    output.print(Text(f"Roll back {move.layer.name} in '{environment.name}'", style="bold"))
    for word, update in (("from", move.current), ("to", move.target)):
        output.print(Text(f"  {word:<4} version {update.version}: {_in_words(update, git)}"))
    if move.current.dirty:
        output.print(Text("  What was never committed goes, too.", style="bold yellow"))
    if not commits.known:
        output.print(Text("  The commits in between are not in this clone.", style="yellow"))
    for title, style, found in (("goes", "red", commits.undone), ("comes back", "green", commits.back)):
        for commit in found:
            output.print(Text.assemble("  ", (f"{title}:", style), f" {commit.short} {commit.subject}"))


def print_result(move: Move, commits: Commits, plan: Outcome, *, version: int) -> None:
    """Print what became of it as JSON; `version` is the new one, 0 if there was nothing to do."""
    print_json(
        {
            "layer": move.layer.name,
            "from": _as_object(move.current),
            "to": _as_object(move.target),
            "undone": [asdict(commit) for commit in commits.undone],
            "brought_back": [asdict(commit) for commit in commits.back],
            "changes": plan.changes.as_dict(),
            "resources": [step.as_dict() for step in plan.steps],
            "version": version or None,
        }
    )


def say_what_now(move: Move, commits: Commits, environment: Environment, *, version: int) -> None:
    """Say that it is done, and how to go forward again."""
    name = move.layer.name
    say(
        f"{name} is again what version {move.target.version} made it, as version {version};"
        " a new preview finds nothing to change."
    )
    if commits.undone:
        say("The next deploy brings back what went, until those commits are reverted or corrected.")
    if not move.current.unfit:
        forward = f"invoke rollback --env {environment.name} --layer {name} --to {move.current.version}"
        say(f"To go forward again: {forward}")


def _in_words(update: Update, git: Git) -> str:
    when = update.started.strftime("%Y-%m-%d %H:%M UTC")
    by = f" by {update.message.by}" if update.message.by else ""
    if not update.commit:
        return f"no commit ({when}{by})"
    subject = f" {git.subject(update.commit)}" if git.has(update.commit) else ""
    return f"{short(update.commit)}{'*' if update.dirty else ''}{subject} ({when}{by})"


def _as_object(update: Update) -> dict[str, Any]:
    return {"version": update.version, "commit": update.commit, "dirty": update.dirty}
