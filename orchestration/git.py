"""The git work tree, read and changed with the `git` command."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from terminal.errors import UserError

SHORT_ID_LENGTH = 7
# Git sets these for hooks. Every command would use the repository of the hook instead of the tree.
_HOOK_VARIABLES = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
)


@dataclass(frozen=True)
class Commit:
    """A commit with its full ID and the first line of its message."""

    id: str
    subject: str

    @property
    def short(self) -> str:
        return shorten_commit(self.id)


def shorten_commit(commit: str) -> str:
    """Return the first characters of a commit's ID."""
    return commit[:SHORT_ID_LENGTH]


@dataclass(frozen=True)
class Git:
    """The git work tree at `root`.

    Every method raises UserError if git is not installed, or if `root` is not in a repository.
    """

    root: Path

    def head(self) -> str:
        """Return the ID of the checked-out commit."""
        return self._read("rev-parse", "--verify", "HEAD")

    def describe_head(self) -> str:
        """Return the short ID of the checked-out commit, with a `*` if the tree is dirty."""
        return shorten_commit(self.head()) + ("*" if self.is_dirty() else "")

    def is_dirty(self) -> bool:
        """Whether the tree has changes or untracked files, which is also Pulumi's definition."""
        return bool(self._read("status", "--porcelain"))

    def is_unpushed(self) -> bool:
        """Whether no remote branch that this clone knows contains the checked-out commit."""
        return not self._read("for-each-ref", "--count=1", "--contains=HEAD", "refs/remotes")

    def has_commit(self, commit: str) -> bool:
        """Whether the clone has the commit and its files. A shallow clone can lack them."""
        return self._run("cat-file", "-e", f"{commit}^{{tree}}").returncode == 0

    def is_in_history(self, commit: str) -> bool:
        """Whether the commit, which the clone has, is an ancestor of the checked-out commit."""
        return self._run("merge-base", "--is-ancestor", commit, "HEAD").returncode == 0

    def subject(self, commit: str) -> str:
        """Return the first line of the commit's message."""
        return self._read("log", "-1", "--format=%s", commit, "--")

    def list_commits(self, since: str, until: str, patterns: Sequence[str] = ()) -> list[Commit]:
        """Return the commits of `until` that `since` does not contain, newest first.

        With `patterns`, return only the commits that change matching paths. Patterns are relative to the root
        and have the syntax of a CI path filter, with `!` before an excluded path.
        """
        paths = [_format_pathspec(pattern) for pattern in patterns]
        lines = self._read("log", "--format=%H %s", f"{since}..{until}", "--", *paths).splitlines()
        return [Commit(*line.split(" ", 1)) for line in lines]

    def changed_paths(self, old: str, new: str = "") -> list[str]:
        """Return the paths that differ between two commits, or between `old` and the work tree."""
        commits = filter(None, (old, new))
        return self._read("diff", "--name-only", "--no-renames", "-z", *commits, "--").split("\0")[:-1]

    def untracked_paths(self) -> list[str]:
        """Return the paths that are neither tracked nor ignored."""
        return self._read("ls-files", "--others", "--exclude-standard", "-z").split("\0")[:-1]

    def read_file(self, commit: str, path: str) -> bytes | None:
        """Return the content of a file in the commit; None if the commit does not contain it."""
        process = self._run("cat-file", "blob", f"{commit}:{path}")
        return process.stdout if process.returncode == 0 else None

    def user_name(self) -> str:
        """Return the user's name in git's configuration; empty if it is not set."""
        return self._run("config", "user.name").stdout.decode().strip()

    def run(self, *arguments: str) -> None:
        """Run a git command. Raises UserError if it fails."""
        self._read(*arguments)

    def _read(self, *arguments: str) -> str:
        process = self._run(*arguments)
        if process.returncode:
            lines = process.stderr.decode(errors="replace").strip().splitlines() or ["no output"]
            raise UserError(f"git {arguments[0]} failed: {lines[-1].removeprefix('fatal: ')}")
        return process.stdout.decode(errors="replace").strip()

    def _run(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        variables = {name: value for name, value in os.environ.items() if name not in _HOOK_VARIABLES}
        try:
            process = subprocess.run(
                ["git", "-C", str(self.root), *arguments],
                env={**variables, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                # Ctrl-C must reach only the task, which reverts the changes that git made.
                process_group=0,
            )
        except FileNotFoundError as error:
            raise UserError(
                "git is not installed.", "Install it: tasks record and compare commits."
            ) from error
        if b"not a git repository" in process.stderr:
            raise UserError(f"{self.root} is not a git repository.", "Run the task in a clone.")
        return process


def _format_pathspec(pattern: str) -> str:
    if pattern.startswith("!"):
        return f":(top,exclude,glob){pattern[1:]}"
    return f":(top,glob){pattern}"
