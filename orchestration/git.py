"""What the tasks need of git, asked of the `git` command."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from terminal.errors import UserError

SHORT = 7
# Set for hooks, these would make every command ask the repository of the hook instead of the tree.
_OF_A_HOOK = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
)


@dataclass(frozen=True)
class Commit:
    """A commit's full id and the first line of its message."""

    id: str
    subject: str

    @property
    def short(self) -> str:
        """The id as people write it."""
        return short(self.id)


def short(commit: str) -> str:
    """A commit's id as people write it."""
    return commit[:SHORT]


@dataclass(frozen=True)
class Git:
    """The git work tree at `root`. Every method raises UserError where there is no git or no repository."""

    root: Path

    def head(self) -> str:
        """The commit that is checked out."""
        return self._ask("rev-parse", "--verify", "HEAD")

    def described(self) -> str:
        """The commit that is checked out, short, with a `*` if anything differs from it."""
        return short(self.head()) + ("*" if self.is_dirty() else "")

    def is_dirty(self) -> bool:
        """Whether anything differs from the commit, files unknown to git included, as Pulumi sees it, too."""
        return bool(self._ask("status", "--porcelain"))

    def is_unpushed(self) -> bool:
        """Whether no remote branch, as far as this clone knows, has the commit."""
        return not self._ask("for-each-ref", "--count=1", "--contains=HEAD", "refs/remotes")

    def has(self, commit: str) -> bool:
        """Whether the commit is in this clone, with all that it needs to be checked out."""
        return self._run("cat-file", "-e", f"{commit}^{{tree}}").returncode == 0

    def contains(self, commit: str) -> bool:
        """Whether what is checked out goes back to the commit, which must be in this clone."""
        return self._run("merge-base", "--is-ancestor", commit, "HEAD").returncode == 0

    def subject(self, commit: str) -> str:
        """The first line of the commit's message."""
        return self._ask("log", "-1", "--format=%s", commit, "--")

    def commits(self, since: str, until: str, patterns: Sequence[str] = ()) -> list[Commit]:
        """The commits in `until` that `since` does not have, newest first; of those the ones that touch
        `patterns`, if there are any: as in a CI's path filter, from the root, `!` in front of what is out.
        """
        paths = [_pathspec(pattern) for pattern in patterns]
        lines = self._ask("log", "--format=%H %s", f"{since}..{until}", "--", *paths).splitlines()
        return [Commit(*line.split(" ", 1)) for line in lines]

    def changed(self, old: str, new: str = "") -> list[str]:
        """The paths that differ between two commits; without `new`, between `old` and the files at hand."""
        return self._ask("diff", "--name-only", "--no-renames", "-z", *filter(None, (old, new)), "--").split(
            "\0"
        )[:-1]

    def untracked(self) -> list[str]:
        """The paths that git does not know, but for those that it is told to ignore."""
        return self._ask("ls-files", "--others", "--exclude-standard", "-z").split("\0")[:-1]

    def content(self, commit: str, path: str) -> bytes | None:
        """A file as it was in the commit; None if there was none."""
        result = self._run("cat-file", "blob", f"{commit}:{path}")
        return result.stdout if result.returncode == 0 else None

    def user(self) -> str:
        """The person's name as git would put it into a commit; empty if git was not told."""
        return self._run("config", "user.name").stdout.decode().strip()

    def run(self, *arguments: str) -> None:
        """Have git do something."""
        self._ask(*arguments)

    def _ask(self, *arguments: str) -> str:
        result = self._run(*arguments)
        if result.returncode:
            words = result.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise UserError(f"git {arguments[0]} failed: {words[-1].removeprefix('fatal: ')}")
        return result.stdout.decode(errors="replace").strip()

    def _run(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        variables = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
        try:
            result = subprocess.run(
                ["git", "-C", str(self.root), *arguments],
                env={**variables, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                # Ctrl-C is for the task, which then undoes what git did.
                process_group=0,
            )
        except FileNotFoundError as error:
            raise UserError(
                "There is no git.", "Install git: the tasks ask it which commit this is."
            ) from error
        if b"not a git repository" in result.stderr:
            raise UserError(
                f"{self.root} is no git repository, so there are no commits to go by.",
                "Work in a clone of it.",
            )
        return result


def _pathspec(pattern: str) -> str:
    if pattern.startswith("!"):
        return f":(top,exclude,glob){pattern[1:]}"
    return f":(top,glob){pattern}"
