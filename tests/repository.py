"""Git repositories for tests, without the user's git settings."""

from collections.abc import Mapping
from pathlib import Path

from orchestration.git import Git

PERSON = "Ann"


def create_repository(root: Path) -> Git:
    """Initialize a repository in `root`, which may contain files."""
    root.mkdir(parents=True, exist_ok=True)
    git = Git(root)
    git.run("init", "--quiet", "--initial-branch=main")
    for key, value in (("user.name", PERSON), ("user.email", "ann@example.com"), ("commit.gpgsign", "false")):
        git.run("config", key, value)
    return git


def commit_files(git: Git, subject: str, files: Mapping[str, str] | None = None) -> str:
    """Write files (by their relative paths) and commit all changes; returns the commit id."""
    for path, text in (files or {}).items():
        file = git.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    git.run("add", "--all")
    git.run("commit", "--quiet", "--no-verify", "--allow-empty", "--message", subject)
    return git.head()
