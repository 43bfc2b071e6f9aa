"""Git repositories that tests make, with nothing of the user's own settings."""

from collections.abc import Mapping
from pathlib import Path

from orchestration.git import Git

PERSON = "Ann"


def make(root: Path) -> Git:
    """An empty repository at `root`, which may hold files already."""
    root.mkdir(parents=True, exist_ok=True)
    git = Git(root)
    git.run("init", "--quiet", "--initial-branch=main")
    for key, value in (("user.name", PERSON), ("user.email", "ann@example.com"), ("commit.gpgsign", "false")):
        git.run("config", key, value)
    return git


def commit(git: Git, subject: str, files: Mapping[str, str] | None = None) -> str:
    """Write the files, by their path from the root, and commit all that changed; returns the commit's id."""
    for path, text in (files or {}).items():
        file = git.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    git.run("add", "--all")
    git.run("commit", "--quiet", "--no-verify", "--allow-empty", "--message", subject)
    return git.head()
